using System.Net;
using System.Net.Sockets;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Enforcement.Tls.Witness;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>What is read off the wire of real handshakes between OpenSSL and OpenSSL, and off bytes that are none.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class HandshakeWitnessTests
{
    [TestCase("-tls1_3", 0x0304, 0x001D, null)]
    [TestCase("-tls1_2", 0x0303, 0x001D, 0x0403)]
    public async Task Versions_groups_signatures_and_resumption_are_seen(string version, int number, int group, int? signature)
    {
        using var world = new TlsWorld();
        (RunningProcess server, int port) = await OpenSslPeer.ServeAsync(world, TlsWorld.Server);
        using (server)
        {
            string session = world.Folder["session.pem"];
            HandshakeWitness first = await ListenAsync(port, version, "-groups", "X25519:P-256", "-sigalgs", "ECDSA+SHA256", "-sess_out", session);
            Assert.That((first.Server!.Version, first.Group, first.ServerSignature, first.IsResumed), Is.EqualTo(((ushort)number, (ushort?)group, (ushort?)signature, false)));

            HandshakeWitness second = await ListenAsync(port, version, "-groups", "X25519:P-256", "-sess_in", session);
            Assert.That(second.IsResumed, Is.True);
        }
    }

    [TestCase("-tls1_3")]
    [TestCase("-tls1_2")]
    public async Task The_group_is_seen_after_a_server_asked_again(string version)
    {
        using var world = new TlsWorld();
        (RunningProcess server, int port) = await OpenSslPeer.ServeAsync(world, TlsWorld.Server with { RsaBits = 2_048 }, "-groups", "P-384");
        using (server)
            Assert.That((await ListenAsync(port, version, "-groups", "X25519:P-384")).Group, Is.EqualTo(0x0018));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1_000)]
    public async Task It_does_not_matter_how_the_bytes_come(int pieces)
    {
        using var world = new TlsWorld();
        (RunningProcess server, int port) = await OpenSslPeer.ServeAsync(world, TlsWorld.Server);
        using (server)
            Assert.That((await ListenAsync(port, pieces, "-tls1_2", "-groups", "X25519:P-256")).Group, Is.EqualTo(0x001D));
    }

    [Test]
    public void Nonsense_is_not_seen_and_breaks_nothing() => SeededProperty.Holds(200, random =>
    {
        var witness = new HandshakeWitness();
        for (int i = 0; i < 20; i++)
        {
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            // Half of all begins as a record of handshake messages does.
            if (random.Next(2) == 0 && bytes.Length > 9)
                ((byte[])[22, 3, 3, 0, (byte)(bytes.Length - 5), (byte)random.Next(20), 0, 0, (byte)(bytes.Length - 9)]).CopyTo(bytes, 0);
            witness.FromClient(bytes);
            witness.FromServer(bytes);
        }
    });

    [Test]
    public async Task A_session_that_was_resumed_against_the_decision_is_refused()
    {
        using var world = new TlsWorld();
        (EnforcedConnection client, EnforcedConnection server) = await world.ConnectBothAsync();
        await using (client)
        await using (server)
        {
            TlsDecisions decisions = new(TestOutcomes.CipherSuites($"{TlsWorld.Suites13}; resumption forbidden"), world.Auth);
            Refusal? refusal = Enforcement.Tls.Review.HandshakeReview.Of(decisions, client.Negotiated with { IsResumed = true }, lists: null, world.Time.GetUtcNow());
            Assert.That(refusal?.Reason, Is.EqualTo(EnforcementReason.ResumptionForbidden));
        }
    }

    [Test]
    public async Task A_client_that_brings_a_session_must_begin_anew_where_that_is_forbidden()
    {
        using var world = new TlsWorld();
        world.CipherSuites = TestOutcomes.CipherSuites($"{TlsWorld.Suites13}; resumption forbidden");
        TlsEnforcer enforcer = world.Enforcer(TlsWorld.Server);
        string[] showing = OpenSslPeer.Showing(world, TlsWorld.Device);
        string session = world.Folder["session.pem"];
        (_, _, FinishedProcess first) = await OpenSslPeer.AcceptAsync(world, enforcer, [.. showing, "-sess_out", session]);
        Assert.That(first.Output, Does.Contain("New, TLSv1.3"));
        Assert.That(session, Does.Exist, "OpenSSL gives a ticket for a session that it has not kept");
        (_, EnforcementException? refused, FinishedProcess second) = await OpenSslPeer.AcceptAsync(world, enforcer, [.. showing, "-sess_in", session]);
        Assert.That(refused, Is.Null);
        Assert.That(second.Output, Does.Contain("New, TLSv1.3").And.Not.Contain("Reused"));
    }

    private static Task<HandshakeWitness> ListenAsync(int port, params string[] options) => ListenAsync(port, pieces: int.MaxValue, options);

    /// <summary>A client of openssl to that server, with the witness on the line between them.</summary>
    private static async Task<HandshakeWitness> ListenAsync(int port, int pieces, params string[] options)
    {
        var witness = new HandshakeWitness();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string program = RequiredProgram.OpenSsl.Require(), at = listener.LocalEndpoint.ToString()!;
        Task<FinishedProcess> client = Task.Run(() => FinishedProcess.Run(program, ["s_client", "-connect", at, "-ign_eof", .. options], input: "hello\nCLOSE\n"));
        using TcpClient near = await listener.AcceptTcpClientAsync(), far = new();
        await far.ConnectAsync(IPAddress.Loopback, port);
        await Task.WhenAll(
            PassAsync(near, far, pieces, bytes => witness.FromClient(bytes.Span)),
            PassAsync(far, near, pieces, bytes => witness.FromServer(bytes.Span)));
        await client;
        return witness;
    }

    private static async Task PassAsync(TcpClient from, TcpClient to, int pieces, Action<ReadOnlyMemory<byte>> hear)
    {
        var buffer = new byte[4_096];
        NetworkStream reading = from.GetStream(), writing = to.GetStream();
        try
        {
            while (await reading.ReadAsync(buffer) is > 0 and int count)
            {
                foreach (byte[] piece in buffer[..count].Chunk(pieces))
                    hear(piece);
                await writing.WriteAsync(buffer.AsMemory(0, count));
            }
            to.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception ended) when (ended is IOException or SocketException)
        {
            // One end has hung up.
        }
    }
}
