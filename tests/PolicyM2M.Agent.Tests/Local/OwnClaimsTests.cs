using PolicyM2M.Agent.Local;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Local;

internal sealed class OwnClaimsTests
{
    private static readonly DateTimeOffset Issued = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly DeviceContext Gateway = DeviceContext.Empty.With("device.type", AttributeValue.Of("gateway"));

    [Test]
    public async Task The_configuration_counts_before_the_sources_and_these_before_the_certificate()
    {
        using var folder = new TemporaryFolder();
        using var ending = new CancellationTokenSource();
        string file = folder.Write("facts.json", """{ "device.type": "plc", "firmware.version": "3.1.0" }""");
        using var claims = new OwnClaims(Gateway, new DeviceAttributes([new JsonFileSource(file)]));
        var changes = new SemaphoreSlim(0);
        Task reading = claims.RunAsync(TimeSpan.FromMilliseconds(10), () => changes.Release(), () => Task.CompletedTask, TimeProvider.System, ending.Token);
        Assert.That(Texts(await claims.OfAsync(Issued, default)), Is.EqualTo(new[] { "credential.issued-at 2026-11-01", "device.type gateway", "firmware.version 3.1.0" }), "the first reading is waited for");
        await changes.WaitAsync();
        folder.Write("facts.json", """{ "credential.issued-at": "2026-01-01T00:00Z" }""");
        while (!Texts(await claims.OfAsync(Issued, default)).SequenceEqual(["credential.issued-at 2026-01-01T00:00Z", "device.type gateway"]))
            await changes.WaitAsync();
        await ending.CancelAsync();
        Assert.That(async () => await reading, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Without_sources_nothing_is_waited_for()
    {
        using var claims = new OwnClaims(Gateway);
        Assert.That(Texts(await claims.OfAsync(Issued, default)), Is.EqualTo(new[] { "credential.issued-at 2026-11-01", "device.type gateway" }));
    }

    private static IEnumerable<string> Texts(DeviceContext context) => context.Values.Select(value => $"{value.Key} {value.Value.Text}");
}
