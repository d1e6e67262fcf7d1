using PolicyM2M.Engine.Contexts;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The registry's file: what it may hold, and what happens when it changes.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class RegistryTests
{
    [Test]
    public void A_registry_gives_the_attributes_and_the_site_of_each_device()
    {
        Assert.That(DeviceRegistry.TryParse(TestRegistry.Json, out DeviceRegistry? registry, out _), Is.True);

        Assert.That(registry!.AttributesOf("plc-0042").Values["posture.risk"], Is.EqualTo(Engine.Contexts.AttributeValue.Of(20)));
        Assert.That(registry.SiteOf("plc-0099"), Is.EqualTo("plant-9"));
        Assert.That(registry.AttributesOf("nobody"), Is.SameAs(DeviceContext.Empty));
        Assert.That(registry.SiteOf("nobody"), Is.Null);
    }

    [Test]
    public void A_site_that_is_no_text_or_empty_is_no_site()
    {
        const string json = """{ "devices": { "a": { "location.site": 7 }, "b": { "location.site": "" }, "c": { "location": { "site": "x" } } } }""";
        Assert.That(DeviceRegistry.TryParse(json, out DeviceRegistry? registry, out _), Is.True);

        Assert.That(new[] { "a", "b", "c" }.Select(registry!.SiteOf), Is.EqualTo(new[] { null, null, "x" }));
    }

    [TestCase("", "not JSON: line 1")]
    [TestCase("{ \"devices\": {\n  \"a\": } }", "not JSON: line 2")]
    [TestCase("[]", "no object")]
    [TestCase("{}", "no object")]
    [TestCase("""{ "devices": [] }""", "no object")]
    [TestCase("""{ "devices": {}, "device": {} }""", "`device`")]
    [TestCase("""{ "devices": { "a/b": {} } }""", "`a/b` cannot be the id")]
    [TestCase("""{ "devices": { "a": {}, "a": {} } }""", "not JSON")]
    [TestCase("""{ "devices": { "a": { "x": [1] } } }""", "of `a`: `x` is json [1], and no attribute can be that")]
    [TestCase("""{ "devices": { "a": { "x": 1.5 } } }""", "of `a`: `x` is json 1.5")]
    [TestCase("""{ "devices": { "a": 1 } }""", "of `a`")]
    [TestCase("""{ "devices": { "a": { "x": "\ud800" } } }""", "surrogate")]
    [TestCase("""{ "devices": { "\ud800": {} } }""", "surrogate")]
    public void A_file_that_is_no_registry_is_refused_with_its_fault(string json, string message)
    {
        Assert.That(DeviceRegistry.TryParse(json, out DeviceRegistry? registry, out string? fault), Is.False);
        Assert.That(registry, Is.Null);
        Assert.That(fault, Does.Contain(message));
    }

    [Test]
    public async Task A_changed_registry_counts_and_one_that_is_malformed_or_missing_leaves_the_strictest()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        async Task<RotationOutcome> Rotation() =>
            (await device.DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } })).Decisions.Single().Rotation;
        Assert.That((await Rotation()).RotateNow, Is.False);

        pdp.WriteRegistry("""{ "devices": { "plc-0042": { "posture.risk": 90 } } }""");
        await RunningPdp.Eventually(Rotation, rotation => rotation.RotateNow);

        pdp.WriteRegistry(TestRegistry.Json);
        await RunningPdp.Eventually(Rotation, rotation => !rotation.RotateNow);

        pdp.WriteRegistry("""{ "devices": { "plc-0042": """);
        await RunningPdp.Eventually(Rotation, rotation => rotation.RotateNow);
        Assert.That(pdp.Log.Lines, Has.Exactly(1).StartsWith("Error: the registry"));

        pdp.WriteRegistry(TestRegistry.Json);
        await RunningPdp.Eventually(Rotation, rotation => !rotation.RotateNow);

        File.Delete(pdp.Data.Registry);
        RotationOutcome strictest = await RunningPdp.Eventually(Rotation, rotation => rotation.RotateNow);
        Assert.That(strictest.Lifetime.ToTimeSpan(), Is.EqualTo(TimeSpan.FromDays(30)), "both answers are possible, so both hold");
        Assert.That(pdp.Log.Lines, Has.Exactly(1).StartsWith("Warning: there is no registry"));
    }

    [Test]
    public async Task A_registry_that_cannot_be_read_at_the_start_is_as_good_as_none()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(registry: "{");

        DecideResponse response = await pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Kinds = { DecisionKind.Rotation } });

        Assert.That(response.Decisions.Single().Rotation.RotateNow, Is.True);
        Assert.That(pdp.Log.Lines, Has.Some.StartsWith("Error: the registry"));
    }

    [Test]
    public async Task A_value_that_the_schema_cannot_use_is_said_in_the_log()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(registry: """{ "devices": { "plc-0042": { "posture.risk": 101, "posture.riks": 3 } } }""");

        Assert.That(pdp.Log.Lines.Where(line => line.Contains("the registry says of plc-0042", StringComparison.Ordinal)).ToArray(), Has.Length.EqualTo(2));
    }
}
