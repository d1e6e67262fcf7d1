using PolicyM2M.Agent.Local;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Local;

internal sealed class OwnClaimsTests
{
    private static readonly DateTimeOffset Issued = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task The_configuration_counts_before_the_sources_and_these_before_the_certificate()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("facts.json", """{ "device.type": "plc", "firmware.version": "3.1.0" }""");
        using var claims = new OwnClaims(DeviceContext.Empty.With("device.type", AttributeValue.Of("gateway")), new DeviceAttributes([new JsonFileSource(file)]), TimeProvider.System);
        Assert.That(Texts(await claims.ReadAsync(Issued, default)), Is.EqualTo(new[] { "credential.issued-at 2026-11-01", "device.type gateway", "firmware.version 3.1.0" }));
        folder.Write("facts.json", """{ "credential.issued-at": "2026-01-01T00:00Z" }""");
        Assert.That(Texts(await claims.ReadAsync(Issued, default)), Is.EqualTo(new[] { "credential.issued-at 2026-01-01T00:00Z", "device.type gateway" }));
    }

    [Test]
    public async Task Whoever_should_not_wait_gets_what_was_read_last_until_that_is_too_old()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        string file = folder.Write("facts.json", """{ "firmware.version": "3.1.0" }""");
        using var claims = new OwnClaims(DeviceContext.Empty, new DeviceAttributes([new JsonFileSource(file)], time), time);
        Assert.That(Version(await claims.LatestAsync(Issued, default)), Is.EqualTo("3.1.0"), "nothing was read before, so it is read");
        folder.Write("facts.json", """{ "firmware.version": "3.2.0" }""");
        Assert.That(Version(await claims.LatestAsync(Issued, default)), Is.EqualTo("3.1.0"));
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.That(Version(await claims.LatestAsync(Issued, default)), Is.EqualTo("3.2.0"));
        folder.Write("facts.json", """{ "firmware.version": "3.3.0" }""");
        Assert.That(Version(await claims.ReadAsync(Issued, default)), Is.EqualTo("3.3.0"));
        Assert.That(Version(await claims.LatestAsync(Issued, default)), Is.EqualTo("3.3.0"));
    }

    private static IEnumerable<string> Texts(DeviceContext context) => context.Values.Select(value => $"{value.Key} {value.Value.Text}");

    private static string? Version(DeviceContext context) => context.Values["firmware.version"].Text;
}
