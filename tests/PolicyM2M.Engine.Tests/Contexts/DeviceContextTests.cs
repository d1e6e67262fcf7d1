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
    [TestCase("{\"a\":1.5}", "`a` is a number that is not whole")]
    [TestCase("{\"a\":99999999999999999999}", "`a` is a number that is not whole or not of 64 bits")]
    [TestCase("{\"a\":[1]}", "`a` is an array")]
    [TestCase("{\"a\":{\"b\":1},\"a.b\":2}", "`a.b` is given twice")]
    [TestCase("{\"a\":1,\"a\":2}", "not JSON")]
    [TestCase("{\"a\":1", "not JSON: line 1, byte 7")]
    [TestCase("{\"a\":\"\\ud800\"}", "not JSON: a string holds half of a surrogate pair")]
    [TestCase("{\"\\ud800\":1}", "not JSON: a string holds half of a surrogate pair")]
    public void What_is_no_context_is_refused_with_its_reason(string json, string reason)
    {
        Assert.That(DeviceContext.TryParseJson(json, out _, out string? error), Is.False);
        Assert.That(error, Does.StartWith(reason));
    }

    [Test]
    public void A_context_nested_a_thousand_deep_is_refused() =>
        Assert.That(DeviceContext.TryParseJson(string.Concat(Enumerable.Repeat("{\"a\":", 1000)), out _, out _), Is.False);
}
