using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Tests.Contexts;

internal sealed class DeviceContextTests
{
    [Test]
    public void Nested_objects_and_dotted_names_say_the_same()
    {
        Assert.That(DeviceContext.TryParseJson("""{"device":{"type":"plc","id":"x"},"posture.risk":5,"credential":{"compromised":false,"age":null}}""", out DeviceContext? context, out _), Is.True);
        Assert.That(context!.Values.Select(v => $"{v.Key}={v.Value}"), Is.EqualTo(["credential.compromised=false", "device.id=\"x\"", "device.type=\"plc\"", "posture.risk=5"]));
    }

    [TestCase("", "not JSON")]
    [TestCase("[]", "a context is a JSON object, not an array")]
    [TestCase("null", "a context is a JSON object, not null")]
    [TestCase("1.5", "a context is a JSON object, not a number")]
    [TestCase("{\"a\":[\"\\ud800\"]}", "not JSON: a string holds half of a surrogate pair")]
    [TestCase("{\"a\":{\"b\":1},\"a.b\":2}", "`a.b` is given twice")]
    [TestCase("{\"b\":{\"a\":1},\"c\":{\"a\":1,\"long name\\u0021\":1,\"long name!\":2}}", "not JSON: one object gives `long name!` twice")]
    [TestCase("{\"a\":1,\"a\":2}", "not JSON: one object gives `a` twice")]
    [TestCase("{\"a\":1", "not JSON: line 1, byte 7: it ends too early: is a quote, a `}` or a `]` missing?")]
    [TestCase("{\"a\":1,\n}", "not JSON: line 2, byte 1: expected a name or a value before the bracket: is there a `,` too many, or another bracket open?")]
    [TestCase("{'a':1}", "not JSON: line 1, byte 2: a name and a text stand in double quotes, not in single ones")]
    [TestCase("{\"ä\":plc}", "not JSON: line 1, byte 7: a name or a text without double quotes; only true, false, null and numbers have none")]
    [TestCase("// x\n{}", "not JSON: line 1, byte 1: JSON has no comments")]
    [TestCase("{\"a\":\"x\ny\"}", "not JSON: line 1, byte 8: a text has a line end, a control character or an escape that JSON has not")]
    [TestCase("{\"a\":1", "not JSON: line 1, byte 7")]
    [TestCase("{\"a\":\"\\ud800\"}", "not JSON: a string holds half of a surrogate pair")]
    [TestCase("{\"\\ud800\":1}", "not JSON: a string holds half of a surrogate pair")]
    public void What_is_no_context_is_refused_with_its_reason(string json, string reason)
    {
        Assert.That(DeviceContext.TryParseJson(json, out _, out string? error), Is.False);
        Assert.That(error, Does.StartWith(reason));
    }

    [TestCase("1.5")]
    [TestCase("1e2")]
    [TestCase("99999999999999999999")]
    [TestCase("-9223372036854775809")]
    [TestCase("[1]")]
    [TestCase("[\"a\",null]")]
    [TestCase("[{\"b\":1}]")]
    public void What_no_attribute_can_be_is_an_unusable_value_and_spoils_no_other(string json)
    {
        Assert.That(DeviceContext.TryParseJson($$"""{"a":{{json}},"b":1}""", out DeviceContext? context, out string? error), Is.True, error);
        Assert.That(context!.Values["b"], Is.EqualTo(AttributeValue.Of(1)));
        Assert.That((context.Values["a"].Kind, context.Values["a"].ToString()), Is.EqualTo((AttributeValueKind.Other, $"json {json}")));
        foreach (AttributeType type in Enum.GetValues<AttributeType>())
            Assert.That(new AttributeCoding(new AttributeDefinition("a", type, Provenance.Claimed, "", null, null, []), []).TryEncode(context.Values["a"], out _), Is.False, $"{type}");
    }

    [Test]
    public void Of_a_value_that_cannot_be_used_only_the_beginning_is_kept()
    {
        Assert.That(DeviceContext.TryParseJson($$"""{"a":[{{string.Join(',', Enumerable.Repeat("1", 1000))}}]}""", out DeviceContext? context, out _), Is.True);
        Assert.That(context!.Values["a"].ToString(), Has.Length.LessThan(60).And.EndsWith("…"));
    }

    [Test]
    public void A_context_nested_a_thousand_deep_is_refused() =>
        Assert.That(DeviceContext.TryParseJson(string.Concat(Enumerable.Repeat("{\"a\":", 1000)), out _, out _), Is.False);
}
