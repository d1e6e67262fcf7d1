using System.Net;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A server whose audit log is on a disk that does not answer.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AuditHangTests
{
    [Test]
    public async Task While_the_disk_hangs_nobody_is_answered_and_health_says_so()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        pdp.WriteRegistry(TestRegistry.Json);
        await pdp.StartServerAsync(MonitorTests.WithMonitor(pdp.Options()) with { Audit = AuditTests.Durable });
        using var hanging = new HangingFile(Path.Combine(pdp.Data.Audit, "tile/entries/000"));
        using var http = new HttpClient();
        string monitor = pdp.Server.Services.GetRequiredService<Sight.MonitorListener>().Address;
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        StatusCode code = StatusCode.OK;
        // A whole bundle of records is more than the pipe in its place holds.
        while (code != StatusCode.Unavailable)
            code = await AuditTests.CodeOf(device);

        using HttpResponseMessage ready = await http.GetAsync($"{monitor}/readyz");
        Assert.That((ready.StatusCode, await ready.Content.ReadAsStringAsync()), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "not ready: the audit log cannot be written\n")));
        Assert.That(await AuditTests.Refusals(pdp), Is.EqualTo((StatusCode.Unavailable, StatusCode.Unavailable, HttpStatusCode.ServiceUnavailable)));
        Assert.That(await pdp.HealthAsync(), Is.EqualTo(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.NotServing));
        Assert.That(await http.GetStringAsync($"{monitor}/metrics"), Does.Contain("policym2m_pdp_audit_writable 0\n").And.Not.Contain("policym2m_pdp_audit_write_age_seconds 0\n"));
        Assert.That(pdp.Log.Lines, Has.One.StartsWith("Critical: the audit log cannot be written, so nobody is answered until it can: the disk has not answered for 5 seconds"));
        Assert.That(pdp.Log.Lines, Has.None.Contains("may never be on it"));
        hanging.Release();
        await RunningPdp.Eventually(() => AuditTests.CodeOf(device), answered => answered == StatusCode.OK);
        Assert.That((await http.GetAsync($"{monitor}/readyz")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_server_ends_although_the_disk_hangs_and_says_what_may_be_missing()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { Audit = AuditTests.Durable });
        using var hanging = new HangingFile(Path.Combine(pdp.Data.Audit, "tile/entries/000"));
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        while (await AuditTests.CodeOf(device) != StatusCode.Unavailable)
        {
        }

        await pdp.StopServerAsync();

        Assert.That(pdp.Log.Lines, Has.One.Match("^Critical: the server ends while the disk of the audit log hangs, with [0-9]+ records? in line that may never be on it$"));
    }
}
