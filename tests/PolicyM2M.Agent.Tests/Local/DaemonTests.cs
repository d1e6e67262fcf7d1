using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Grpc.Core;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Testing;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>The daemon as a process, asked over its socket, with a real decision point behind it.</summary>
internal sealed class DaemonTests
{
    [Test]
    public Task Decisions_outlive_the_decision_point_as_long_as_they_may() => OutageStory.TellAsync(ProgramStart.Ordinary);

    [Test]
    public async Task Programs_ask_about_the_devices_that_they_may_and_hand_signed_decisions_on()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary);
        await agent.NextLineAsync(line => line.Contains("rotation allow, live", StringComparison.Ordinal), "live decision");
        using LocalClient client = plant.LocalClient();

        DecideResponse signed = await client.Service.DecideAsync(new DecideRequest { DeviceId = "plc-0042", Form = DecisionForm.Signed, Attributes = { ["device.type"] = new AttributeValue { Text = "plc" } } });
        TrustedKeys keys = TrustedKeys.Of((await client.Service.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);
        Assert.That(signed.SignedDecisions.Select(decision => keys.Decision(decision).Outcome.IsDenied), Is.EqualTo(new[] { false, false, false }));
        Assert.That(keys.Statement(signed.Statement).DeviceId, Is.EqualTo("plc-0042"));
        Assert.That(signed.NeededAttributes, Is.Empty, "the test's policy tests none");
        DecideResponse again = await client.Service.DecideAsync(new DecideRequest
        {
            DeviceId = "plc-0042",
            Form = DecisionForm.Signed,
            Attributes = { ["device.type"] = new AttributeValue { Text = "plc" } },
            KnownStatement = Google.Protobuf.ByteString.CopyFrom(SHA256.HashData(signed.Statement.Payload.Span)),
        });
        Assert.That(again.Statement, Is.Null, "who has the statement does not get it again");

        Assert.That(await CodeOf(client.Service.DecideAsync(new DecideRequest { DeviceId = "sensor-2001" })), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await CodeOf(client.Service.DecideAsync(new DecideRequest { Kinds = { (DecisionKind)9 } })), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(await CodeOf(client.Service.DecideAsync(new DecideRequest { DeviceId = "plc/0042" })), Is.EqualTo(StatusCode.InvalidArgument), "no segment of a SPIFFE ID");
        await StreamAsync(client);
        await StatusAsync(client, plant);
    }

    [Test]
    public async Task What_its_sources_say_of_the_gateway_is_claimed_by_its_programs_too_and_a_source_that_fails_is_told()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        using var folder = new TemporaryFolder();
        string file = folder.Write("facts.json", """{ "firmware.version": "2.9.0" }"""), asked = folder["asked"], well = folder["well"];
        plant.Commit(Plant.Policy("TLS_AES_128_GCM_SHA256").Replace("cipher-suites { otherwise", "cipher-suites { when firmware.version < 3.0.0 deny \"too old\" otherwise", StringComparison.Ordinal));
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $$"""
            "interval": 1, "sources": [ { "command": ["/bin/sh", "-c", "echo x >> {{asked}}; date +%N >&2; test -e {{well}} && echo {}"] }, { "file": "{{file}}" }, { "os": true } ]
            """);
        await agent.NextLineAsync(line => line.Contains("cipher-suites deny, live: too old", StringComparison.Ordinal), "denial by what the file says");
        using LocalClient client = plant.LocalClient();
        Assert.That((await client.DecideAsync()).Denial?.Reason, Is.EqualTo("too old"));
        DecideResponse lied = await client.Service.DecideAsync(new DecideRequest { Kinds = { DecisionKind.CipherSuites }, Attributes = { ["firmware.version"] = new AttributeValue { Text = "9.9.9" } } });
        Assert.That(lied.Decisions.Single().Denial?.Reason, Is.EqualTo("too old"), "where there are sources, programs say nothing of the gateway");
        while (File.ReadAllLines(asked).Length < 4)
            await Task.Delay(50);
        Assert.That(agent.Transcript.Split('\n').Count(line => line.StartsWith("claims-failed: /bin/sh: it ended with the exit code 1", StringComparison.Ordinal)), Is.EqualTo(1), "once, and not every second");
        folder.Write("well", "");
        await agent.NextLineAsync(line => line == "claims-read: /bin/sh", "recovery of the source");

        folder.Write("facts.json", """{ "firmware.version": "3.1.0" }""");
        await agent.NextLineAsync(line => line.Contains("cipher-suites allow, live", StringComparison.Ordinal), "decision by what the file says now");
        Assert.That((await client.DecideAsync()).Denial, Is.Null);
    }

    [Test]
    public async Task Who_watches_is_told_of_another_revision_and_of_the_end()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary);
        await agent.NextLineAsync(line => line.StartsWith("connected", StringComparison.Ordinal), "connection");
        using LocalClient client = plant.LocalClient();
        using AsyncServerStreamingCall<WatchResponse> watch = client.Service.Watch(new WatchRequest());
        Assert.That(await watch.ResponseStream.MoveNext(default) ? watch.ResponseStream.Current.Revision.CommitId : null, Is.EqualTo(plant.Head));
        string next = plant.Commit(Plant.Policy("TLS_AES_256_GCM_SHA384"));
        while (watch.ResponseStream.Current.Revision.CommitId != next)
            Assert.That(await watch.ResponseStream.MoveNext(default), Is.True);
        Assert.That(await agent.TerminateAsync(), Is.Zero);
        Assert.That(async () => await watch.ResponseStream.MoveNext(default), Throws.InstanceOf<RpcException>());
    }

    [Test]
    public async Task The_bundle_that_is_held_is_handed_on_whole_and_from_where_a_caller_has_it()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, "\"mode\": \"ask-then-bundle\"");
        await agent.NextLineAsync(line => line.StartsWith("bundle-held", StringComparison.Ordinal), "bundle");
        using LocalClient client = plant.LocalClient();
        TrustedKeys keys = TrustedKeys.Of((await client.Service.GetSigningKeysAsync(new GetSigningKeysRequest())).Keys);

        (BundleDescription whole, byte[] bytes) = await BundleAsync(client, new GetBundleRequest());
        Assert.That(keys.BundleStatement(whole.Statement).Revision, Is.EqualTo(WireMapping.FromWire(whole.Revision)));
        Assert.That((Convert.ToHexStringLower(SHA256.HashData(bytes)), (ulong)bytes.Length), Is.EqualTo((whole.Revision.BundleHash, whole.Length)));
        (BundleDescription rest, byte[] last) = await BundleAsync(client, new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = whole.Length - 10 });
        Assert.That((rest.Offset, last), Is.EqualTo((whole.Length - 10, bytes[^10..])));
        Assert.That(async () => await BundleAsync(client, new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = whole.Length + 1 }),
            Throws.InstanceOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.OutOfRange));
    }

    [Test]
    public async Task A_device_for_which_the_decision_point_does_not_let_the_gateway_speak_is_refused_in_both_forms()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, callers: $$"""[ { "user": "{{SystemAccounts.Own()}}", "devices": ["*"] } ]""");
        await agent.NextLineAsync(line => line.Contains("rotation allow, live", StringComparison.Ordinal), "live decision");
        using LocalClient client = plant.LocalClient();
        Decision plain = (await client.Service.DecideAsync(new DecideRequest { DeviceId = "plc-of-nobody", Kinds = { DecisionKind.Auth } })).Decisions.Single();
        Assert.That(plain.Denial?.Reason, Does.StartWith("the decision point refused"));
        Assert.That(await CodeOf(client.Service.DecideAsync(new DecideRequest { DeviceId = "plc-of-nobody", Form = DecisionForm.Signed })), Is.EqualTo(StatusCode.PermissionDenied));
    }

    [Test]
    public async Task Nobody_whom_no_rule_names_is_answered_and_the_socket_is_left_to_one_agent()
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, callers: """[ { "user": "4294967294", "devices": ["*", "self"] } ]""");
        await agent.NextLineAsync(line => line.Contains("answers on", StringComparison.Ordinal), "socket");
        using LocalClient client = plant.LocalClient();
        Assert.That(await CodeOf(client.Service.DecideAsync(new DecideRequest())), Is.EqualTo(StatusCode.PermissionDenied));
        Assert.That(await CodeOf(client.Service.GetSigningKeysAsync(new GetSigningKeysRequest())), Is.EqualTo(StatusCode.PermissionDenied));

        RunningProcess second = plant.StartGateway(ProgramStart.Ordinary);
        await second.NextLineAsync(line => line.Contains("another agent uses the folder", StringComparison.Ordinal), "refusal");
        Assert.That(() => SocketFile.MakeWay(plant.Socket), Throws.TypeOf<CannotRunException>().With.Message.StartsWith("another agent answers on"), "what one with a folder of its own is told");
        await agent.KillAsync();
        RunningProcess third = plant.StartGateway(ProgramStart.Ordinary);
        await third.NextLineAsync(line => line.Contains("answers on", StringComparison.Ordinal), "socket after one that was left behind");
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task A_program_that_connects_and_says_nothing_does_not_shut_its_user_out(CancellationToken cancellation)
    {
        using var plant = new Plant();
        await plant.StartPdpAsync();
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary);
        await agent.NextLineAsync(line => line.Contains("answers on", StringComparison.Ordinal), "socket");
        Socket[] silent = [.. Enumerable.Range(0, ConnectionLimits.Usual.MostPerUser).Select(_ => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))];
        try
        {
            foreach (Socket socket in silent)
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(plant.Socket), cancellation);
            using LocalClient client = plant.LocalClient();
            while (await CodeOf(client.Service.DecideAsync(new DecideRequest(), cancellationToken: cancellation)) is not StatusCode.OK)
                await Task.Delay(100, cancellation);
        }
        finally
        {
            Array.ForEach(silent, socket => socket.Dispose());
        }
    }

    private static async Task StreamAsync(LocalClient client)
    {
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> stream = client.Service.DecideStream();
        foreach (string device in new[] { "plc-0042", "sensor-2001" })
            await stream.RequestStream.WriteAsync(new DecideStreamRequest { Correlation = Google.Protobuf.ByteString.CopyFromUtf8(device), Request = new DecideRequest { DeviceId = device } });
        await stream.RequestStream.CompleteAsync();
        var answers = new List<DecideStreamResponse>();
        await foreach (DecideStreamResponse answer in stream.ResponseStream.ReadAllAsync())
            answers.Add(answer);
        Assert.That(answers.Select(answer => (answer.Correlation.ToStringUtf8(), answer.AnswerCase, answer.Fault?.Code)), Is.EqualTo(new[]
        {
            ("plc-0042", DecideStreamResponse.AnswerOneofCase.Response, (int?)null),
            ("sensor-2001", DecideStreamResponse.AnswerOneofCase.Fault, (int)StatusCode.PermissionDenied),
        }));
    }

    private static async Task StatusAsync(LocalClient client, Plant plant)
    {
        using JsonDocument status = JsonDocument.Parse(await client.Http.GetStringAsync(new Uri("/status", UriKind.Relative)));
        Assert.That(status.RootElement.GetProperty("device").GetString(), Does.EndWith("/gateway/gw-plant7"));
        Assert.That(status.RootElement.GetProperty("revision").GetString(), Is.EqualTo(plant.Head));
        Assert.That(status.RootElement.GetProperty("decisions").GetArrayLength(), Is.EqualTo(3));
        FinishedProcess text = FinishedProcess.Run(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "status", "--socket", plant.Socket]).Succeeded();
        Assert.That(text.Output, Does.Contain("  cipher-suites: allow, ").And.Contain($"revision {plant.Head[..12]}, ").And.Contain("  claim device.type of configuration\n"));
    }

    private static async Task<(BundleDescription Description, byte[] Bytes)> BundleAsync(LocalClient client, GetBundleRequest request)
    {
        using AsyncServerStreamingCall<GetBundleResponse> call = client.Service.GetBundle(request);
        using var bytes = new MemoryStream();
        BundleDescription? description = null;
        await foreach (GetBundleResponse part in call.ResponseStream.ReadAllAsync())
        {
            description ??= part.Description;
            bytes.Write(part.Data.Span);
        }
        return (description!, bytes.ToArray());
    }

    private static async Task<StatusCode> CodeOf<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            await call;
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
