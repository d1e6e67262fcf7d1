using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Several decision points, and lines that are cut, held and slow.</summary>
internal sealed class EndpointTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public async Task Where_the_preferred_one_is_gone_the_next_answers()
    {
        await using var world = new ClientWorld();
        var second = new PdpScript(world.Time) { Signer = world.Script.Signer };
        await using ScriptedPdp other = world.Second(second);
        PolicyClient client = world.Connect(with: options => options with { FurtherEndpoints = [other.Endpoint] });
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        await world.Pdp.KillAsync();
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
        ClientEvent.EndpointChanged told = await world.SeenAsync<ClientEvent.EndpointChanged>();
        Assert.That((told.From, told.To, client.Status.Endpoints[1].IsCurrent), Is.EqualTo((world.Pdp.Endpoint, other.Endpoint, true)));
        Assert.That(second.Calls, Is.EqualTo(1));
        await world.SeenAsync<ClientEvent.Connected>(_ => world.Events.OfType<ClientEvent.Connected>().Count() == 2);
    }

    [Test]
    public async Task Where_the_preferred_one_is_silent_it_is_not_waited_for()
    {
        await using var world = new ClientWorld();
        await using var line = new TcpProxy(world.Pdp.Endpoint.Port) { IsSilent = true };
        var second = new PdpScript(world.Time) { Signer = world.Script.Signer };
        await using ScriptedPdp other = world.Second(second);
        // Whoever waited for the first would get nothing at all within this test.
        PolicyClient client = world.Connect(with: options => options with { Endpoint = At(line), FurtherEndpoints = [other.Endpoint], CallTimeout = TimeSpan.FromMinutes(5) });
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That((world.Script.Calls, second.Calls), Is.EqualTo((0, 1)));
    }

    [Test]
    public async Task An_answer_that_makes_no_sense_leaves_nobody_asking()
    {
        await using var world = new ClientWorld();
        PolicyClientOptions options = world.Options() with { Endpoint = new Uri("https://127.0.0.1:1"), FurtherEndpoints = [new Uri("https://127.0.0.1:2")] };
        using System.Security.Cryptography.X509Certificates.X509Certificate2 certificate = MutualTls.Certificate(options);
        using var endpoints = new Endpoints(options, () => certificate, world.Events.Enqueue);
        var silent = new TaskCompletionSource<CancellationToken>();
        Assert.That(() => endpoints.CallAsync<int>((endpoint, call) =>
        {
            if (endpoint.Address.Port == 2)
                throw new WireException("the decision point has no signing keys");
            silent.SetResult(call.CancellationToken);
            return new TaskCompletionSource<int>().Task;
        }, CancellationToken.None), Throws.TypeOf<WireException>());
        Assert.That((await silent.Task).IsCancellationRequested, Is.True);
    }

    [Test]
    public async Task Each_is_asked_once_in_order_and_none_for_longer_than_its_deadline()
    {
        await using var world = new ClientWorld();
        PolicyClientOptions options = world.Options() with { Endpoint = new Uri("https://127.0.0.1:1"), FurtherEndpoints = [new Uri("https://127.0.0.1:2"), new Uri("https://127.0.0.1:3"), new Uri("https://127.0.0.1:4")] };
        using System.Security.Cryptography.X509Certificates.X509Certificate2 certificate = MutualTls.Certificate(options);
        using var endpoints = new Endpoints(options, () => certificate, world.Events.Enqueue);
        var asked = new List<(int Port, TimeSpan Deadline)>();
        (Endpoint who, int answer) = await endpoints.CallAsync(async (endpoint, call) =>
        {
            lock (asked)
                asked.Add((endpoint.Address.Port, call.Deadline!.Value - TimeProvider.System.GetUtcNow().UtcDateTime));
            return endpoint.Address.Port switch
            {
                1 => throw new Grpc.Core.RpcException(new Grpc.Core.Status(Grpc.Core.StatusCode.Unavailable, "gone")),
                // Silent: it is left waiting, and the next is asked besides.
                2 => await Task.Delay(Timeout.Infinite, call.CancellationToken).ContinueWith<int>(_ => throw new Grpc.Core.RpcException(Grpc.Core.Status.DefaultCancelled), TaskScheduler.Default),
                var port => port,
            };
        }, CancellationToken.None);
        Assert.That((who.Address.Port, answer), Is.EqualTo((3, 3)));
        Assert.That(asked.Select(attempt => attempt.Port), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(asked.Select(attempt => attempt.Deadline), Is.All.LessThanOrEqualTo(options.CallTimeout));
        Assert.That(Endpoints.Patience, Is.LessThanOrEqualTo(TimeSpan.FromMilliseconds(500)), "half of a second is left for the handshake with the next");
        Assert.That(endpoints.Current.Address.Port, Is.EqualTo(3));
    }

    [Test]
    public async Task A_preferred_one_is_gone_back_to_when_it_has_answered_three_times_in_a_row()
    {
        await using var world = new ClientWorld();
        await using ScriptedPdp other = world.Second(new PdpScript(world.Time));
        PolicyClientOptions options = world.Options() with { FurtherEndpoints = [other.Endpoint] };
        using System.Security.Cryptography.X509Certificates.X509Certificate2 certificate = MutualTls.Certificate(options);
        using var endpoints = new Endpoints(options, () => certificate, world.Events.Enqueue);
        endpoints.Failed(endpoints.All[0]);
        Assert.That(endpoints.Current.Address, Is.EqualTo(other.Endpoint));
        await endpoints.TryPreferredAsync(CancellationToken.None);
        await endpoints.TryPreferredAsync(CancellationToken.None);
        await world.Pdp.KillAsync();
        await endpoints.TryPreferredAsync(CancellationToken.None);
        world.Pdp = world.Pdp.Restart();
        for (int trial = 0; trial < 3; trial++)
        {
            Assert.That(endpoints.Current.Address, Is.EqualTo(other.Endpoint), $"one that fails begins anew: {trial} trials");
            await endpoints.TryPreferredAsync(CancellationToken.None);
        }
        Assert.That(endpoints.Current.Address, Is.EqualTo(options.Endpoint));
    }

    [Test]
    public async Task A_connection_that_was_reset_costs_no_answer()
    {
        await using var world = new ClientWorld();
        await using var line = new TcpProxy(world.Pdp.Endpoint.Port);
        PolicyClient client = world.Connect(with: options => options with { Endpoint = At(line) });
        for (int i = 0; i < 5; i++)
        {
            Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
            line.Reset();
        }
    }

    [Test]
    public async Task A_decision_point_that_says_it_goes_and_comes_back_costs_no_answer()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        await world.Pdp.StopAsync();
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Cached));
        world.Pdp = world.Pdp.Restart();
        await world.SeenAsync<ClientEvent.Connected>(_ => world.Events.OfType<ClientEvent.Connected>().Count() == 2);
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task A_line_that_looks_alive_and_is_not_is_left_after_one_call()
    {
        await using var world = new ClientWorld();
        await using var line = new TcpProxy(world.Pdp.Endpoint.Port);
        PolicyClient client = world.Connect(with: options => options with { Endpoint = At(line), CallTimeout = TimeSpan.FromSeconds(3) });
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        line.IsSilent = true;
        line.IsSilent = false;
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Cached));
        world.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
    }

    [TestCase("the authorities", false)]
    [TestCase("the authorities", true)]
    [TestCase("the certificate", false)]
    [TestCase("the certificate", true)]
    public async Task A_file_that_is_gone_or_emptied_when_a_line_is_left_makes_no_call_throw(string which, bool isEmptied)
    {
        await using var world = new ClientWorld();
        await using var line = new TcpProxy(world.Pdp.Endpoint.Port);
        PolicyClientOptions options = world.Options();
        PolicyClient client = world.Connect(with: _ => options with { Endpoint = At(line), CallTimeout = TimeSpan.FromSeconds(2) });
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        string path = which == "the certificate" ? options.CertificatePath : options.TrustPath;
        if (isEmptied)
            await File.WriteAllTextAsync(path, "");
        else
            File.Delete(path);
        line.IsSilent = true;
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Cached));
        Assert.That(client.ReloadCertificate, isEmptied ? Throws.InstanceOf<System.Security.Cryptography.CryptographicException>() : Throws.InstanceOf<IOException>(), "whoever asks for it is told");
    }

    [Test]
    public async Task A_slow_line_is_no_broken_one()
    {
        await using var world = new ClientWorld();
        await using var line = new TcpProxy(world.Pdp.Endpoint.Port) { Delay = TimeSpan.FromMilliseconds(150) };
        PolicyClient client = world.Connect(with: options => options with { Endpoint = At(line) });
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth))[0].Source, Is.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task A_renewed_certificate_is_used_from_then_on()
    {
        await using var world = new ClientWorld();
        await using var line = new TcpProxy(world.Pdp.Endpoint.Port);
        PolicyClient client = world.Connect(with: options => options with { Endpoint = At(line) });
        await client.DecideAsync(ClientWorld.Context, Auth);
        int before = line.Accepted;
        world.Renew("plc-1");
        client.ReloadCertificate();
        Assert.That((await client.DecideAsync(ClientWorld.Context, Auth, refresh: true))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That(line.Accepted, Is.GreaterThan(before));
    }

    private static Uri At(TcpProxy line) => new($"https://127.0.0.1:{line.Port}");
}
