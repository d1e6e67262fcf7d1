using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>The device's certificate ends while its connection stands. Those of these tests are valid for thirteen hours.</summary>
internal sealed class CertificateEndTests
{
    [Test]
    [CancelAfter(60_000)]
    public async Task That_the_certificate_will_end_is_told_ahead_and_once_and_then_that_it_has(CancellationToken ending)
    {
        await using var world = new ClientWorld();
        List<double> left = [];
        using var listener = new MeterListener { InstrumentPublished = (instrument, heard) => { if (instrument.Name == "policym2m.client.certificate.left") heard.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => { lock (left) left.Add(seconds); });
        listener.Start();
        PolicyClient client = world.Connect();
        await world.SeenAsync<ClientEvent.Connected>();
        while (!HasMeasured(40_000))
            await Task.Delay(20, ending);
        Assert.That(world.Events.OfType<ClientEvent.CertificateEnding>(), Is.Empty);
        world.Time.Advance(TimeSpan.FromHours(11));
        ClientEvent.CertificateEnding near = await world.SeenAsync<ClientEvent.CertificateEnding>();
        Assert.That((near.IsOver, near.Until), Is.EqualTo((false, client.Status.CertificateUntil)));
        world.Time.Advance(TimeSpan.FromHours(2));
        await world.SeenAsync<ClientEvent.CertificateEnding>(happened => happened.IsOver);
        Assert.That(world.Events.OfType<ClientEvent.CertificateEnding>().Count(), Is.EqualTo(2));
        while (!HasMeasured(-7_200))
            await Task.Delay(20, ending);

        bool HasMeasured(double least)
        {
            lock (left)
                return left.Exists(seconds => seconds >= least && seconds < least + 7_200);
        }
    }

    [Test]
    public async Task What_is_kept_holds_where_the_decision_point_does_not_take_an_ended_certificate_any_more()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromHours(13));
        world.Script.Refuses = world.Script.RefusesWatch = StatusCode.Unauthenticated;
        DeviceDecision kept = (await client.DecideAsync(ClientWorld.Context, refresh: true))[0];
        Assert.That(kept.Source, Is.EqualTo(DecisionSource.Stale), kept.Outcome.Denial);
        Assert.That((await world.SeenAsync<ClientEvent.Disconnected>()).Reason, Does.StartWith("this device's certificate ended at "));
        Assert.That(world.Events.OfType<ClientEvent.Refused>(), Is.Empty);
        world.Time.Advance(TimeSpan.FromDays(4));
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied), "its usable-until has come");
    }

    private static IEnumerable<TestCaseData> Files()
    {
        yield return new TestCaseData(new[] { ("CN=Issuing", 2) }, "CN=Issuing").SetArgDisplayNames("its issuer ends first");
        yield return new TestCaseData(new[] { ("CN=Issuing", -1) }, "CN=Issuing").SetArgDisplayNames("its issuer ended before it began");
        yield return new TestCaseData(new[] { ("CN=Another", 2) }, null).SetArgDisplayNames("what does not lead up from it");
        yield return new TestCaseData(new[] { ("CN=Issuing", 2), ("CN=Issuing", 2_000) }, null).SetArgDisplayNames("its issuer as it was, beside as it is");
        yield return new TestCaseData(Array.Empty<(string, int)>(), null).SetArgDisplayNames("nothing above it");
    }

    [TestCaseSource(nameof(Files))]
    public void It_ends_with_the_first_authority_that_leads_up_from_it((string Name, int Hours)[] above, string? ends)
    {
        using var folder = new TemporaryFolder();
        using var root = TestAuthority.Root("Root");
        using TestAuthority issuing = TestAuthority.Root("Issuing");
        using X509Certificate2 device = issuing.Issue(new CertificateTerms { Subject = "CN=Device", NotAfter = TimeSpan.FromHours(1_000) });
        var pem = new StringBuilder(device.ExportCertificatePem());
        foreach ((string name, int hours) in above)
        {
            using X509Certificate2 authority = root.Issue(new CertificateTerms { Subject = name, NotBefore = TimeSpan.FromHours(-4), NotAfter = TimeSpan.FromHours(hours) });
            pem.Append('\n').Append(authority.ExportCertificatePem());
        }
        var validity = CertificateValidity.Of(device, folder.Write("device.pem", pem.ToString()));
        Assert.That(validity.Authority, Is.EqualTo(ends));
        Assert.That(validity.Until == device.NotAfter.ToUniversalTime(), Is.EqualTo(ends is null));
        DateTimeOffset whoRenews = Configured.Read(folder["device.pem"], keyMade: null).Times.NotAfter;
        Assert.That(whoRenews, Is.EqualTo(validity.Until < validity.From ? validity.From : validity.Until), "and so does whoever renews it");
    }

    [TestCase("CN=Issuing", 2, "CN=Issuing", TestName = "An authority that it has to judge decision points by")]
    [TestCase("CN=Another", 2, null, TestName = "Another authority")]
    [TestCase("CN=Issuing", 2_000, null, TestName = "An authority that goes on")]
    public void An_authority_that_only_the_trust_file_holds_explains_a_refusal_and_is_no_end_that_is_told(string name, int hours, string? ends)
    {
        using var folder = new TemporaryFolder();
        using var root = TestAuthority.Root("Root");
        using TestAuthority issuing = TestAuthority.Root("Issuing");
        using X509Certificate2 device = issuing.Issue(new CertificateTerms { Subject = "CN=Device", NotAfter = TimeSpan.FromHours(1_000) });
        using X509Certificate2 authority = root.Issue(new CertificateTerms { Subject = name, NotAfter = TimeSpan.FromHours(hours) });
        string file = folder.Write("device.pem", device.ExportCertificatePem()), trust = folder.Write("trust.pem", authority.ExportCertificatePem());
        List<ClientEvent> told = [];
        DateTimeOffset now = TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(3);
        var end = new CertificateEnd(CertificateValidity.Of(device, file), CertificateValidity.OfAllHeld(device, file, trust), () => now, told.Add);
        end.Look();
        Assert.That((end.IsOver, told.Count), Is.EqualTo((ends is not null, 0)));
        Assert.That(end.Over, Does.StartWith(ends is null ? "this device's certificate" : $"`{ends}`, an authority above"));
    }

    [Test]
    public async Task Another_decision_point_is_asked_where_one_ends_the_watch_of_an_ended_certificate()
    {
        await using var world = new ClientWorld();
        await using ScriptedPdp other = world.Second(new PdpScript(world.Time));
        world.Time.Advance(TimeSpan.FromHours(13));
        world.Script.RefusesWatch = StatusCode.Unauthenticated;
        world.Connect(with: options => options with { FurtherEndpoints = [other.Endpoint] });
        Assert.That((await world.SeenAsync<ClientEvent.EndpointChanged>()).To, Is.EqualTo(other.Endpoint));
    }

    [Test]
    public async Task A_bundle_that_is_not_handed_to_an_ended_certificate_is_none_that_was_refused()
    {
        await using var world = new ClientWorld();
        ScriptedBundle.Serve(world);
        Func<V1.GetBundleRequest, IEnumerable<V1.GetBundleResponse>> serve = world.Script.Bundle;
        var asked = new TaskCompletionSource();
        world.Script.Bundle = _ =>
        {
            asked.TrySetResult();
            throw new RpcException(new Status(StatusCode.Unauthenticated, "scripted"));
        };
        world.Time.Advance(TimeSpan.FromHours(13));
        world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await asked.Task;
        world.Script.Bundle = serve;
        world.Script.EndWatches();
        await world.SeenAsync<ClientEvent.BundleHeld>();
        Assert.That(world.Events.OfType<ClientEvent.BundleRefused>(), Is.Empty);
    }

    [Test]
    public async Task A_refusal_of_an_ended_certificate_s_device_by_name_is_one()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromHours(13));
        world.Script.Refuses = StatusCode.PermissionDenied;
        await client.DecideAsync(ClientWorld.Context, refresh: true);
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
    }
}
