using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Agent.Tests;

internal sealed class TextOutputTests
{
    [Test]
    public void What_comes_over_the_wire_does_not_drive_the_terminal()
    {
        const string Clear = "\u001b[2J";
        Outcome outcome = Outcome.Allow(DecisionKind.Auth, [(Field.Methods, new FieldValue.Names(["x509"])), (Field.Capabilities, new FieldValue.Names([Clear]))]);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var received = new ReceivedDecision(outcome, [new RuleName(Clear, Clear, Clear, 1, 1)], new RevisionId("c0ffee", "beef"), now, now, now);
        using var written = new StringWriter();
        var output = new TextOutput(written, TimeProvider.System);
        output.Decision(new DeviceDecision(outcome, DecisionSource.Live, received, now, now));
        output.Decision(new DeviceDecision(Outcome.Deny(DecisionKind.Rotation, Clear), DecisionSource.Denied, null, null, null));
        output.Event(new ClientEvent.Refused(Clear + "\u202E\u200B"));
        Assert.That(written.ToString(), Does.Contain("[2J").And.Not.Contain('\u001b').And.Not.Contain('\u202E').And.Not.Contain('\u200B'));
    }

    [Test]
    public void What_the_policies_did_not_get_is_said_as_text_and_as_JSON()
    {
        var read = new ClientEvent.ContextRead("plc-8", [new IgnoredValue("device.tpye", "no policy knows this attribute: did you mean `device.type`?")], ["device.type"]);
        using var text = new StringWriter();
        new TextOutput(text, TimeProvider.System).Event(read);
        Assert.That(text.ToString(), Does.EndWith("""
            context: plc-8: ignored, so these count as missing: device.tpye (no policy knows this attribute: did you mean `device.type`?); missing, so the answer is the strictest over all they could be, where no rule asks just that (has): device.type

            """.ReplaceLineEndings("\n")));
        using var json = new StringWriter();
        new JsonOutput(json, TimeProvider.System).Event(read);
        Assert.That(json.ToString(), Does.EndWith(""","device":"plc-8","ignored":[{"name":"device.tpye","reason":"no policy knows this attribute: did you mean `device.type`?"}],"missing":["device.type"]}""" + "\n"));
        new JsonOutput(json, TimeProvider.System).Event(read with { IsRegistryAway = true });
        Assert.That(json.ToString(), Does.EndWith(""","missing":["device.type"],"registryAway":true}""" + "\n"));
        new TextOutput(text, TimeProvider.System).Event(new ClientEvent.ContextRead("plc-8", [], []) { IsRegistryAway = true });
        Assert.That(text.ToString(), Does.EndWith("context: plc-8: the decision point cannot reach its registry, so what only that knows of the device counts as missing\n"));
    }
}
