using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Decisions for many devices over one call, and the bundle for who decides alone.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class StreamTests
{
    private RunningPdp _pdp = null!;
    private DecisionService.DecisionServiceClient _gateway = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        await RunningPdp.Eventually(() => Task.FromResult(_pdp.Log.Lines), lines => lines.Any(line => line.Contains("the registry holds", StringComparison.Ordinal)));
        _gateway = _pdp.DecisionsAs("gateway");
    }

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public async Task Each_request_is_answered_in_order_as_if_it_came_alone()
    {
        string[] devices = ["plc-0042", "sensor-1", "gw-plant7"];
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = _gateway.DecideStream();
        for (byte i = 0; i < 60; i++)
            await call.RequestStream.WriteAsync(Item(i, devices[i % 3]));
        await call.RequestStream.CompleteAsync();

        for (byte i = 0; i < 60; i++)
        {
            Assert.That(await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.True);
            DecideStreamResponse answer = call.ResponseStream.Current;
            Assert.That(answer.Correlation.ToByteArray(), Is.EqualTo(new[] { i }));
            DecideResponse alone = await _gateway.DecideAsync(Item(i, devices[i % 3]).Request);
            Assert.That(answer.Response.Decisions.Select(decision => decision.OutcomeCase), Is.EqualTo(alone.Decisions.Select(decision => decision.OutcomeCase)));
        }
        Assert.That(await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken), Is.False);
    }

    [Test]
    public async Task What_is_wrong_with_one_request_does_not_end_the_others()
    {
        DecideStreamRequest tooMany = Item(2, "plc-0042");
        tooMany.Request.Kinds.Add([DecisionKind.Auth, DecisionKind.Auth]);
        DecideStreamRequest[] items = [Item(0, "plc-0099"), Item(1, "not a device"), tooMany, new() { Correlation = ByteString.CopyFrom(3) }, new() { Correlation = ByteString.CopyFrom(new byte[65]), Request = new DecideRequest() }, Item(5, "plc-0042")];
        using AsyncDuplexStreamingCall<DecideStreamRequest, DecideStreamResponse> call = _gateway.DecideStream();
        foreach (DecideStreamRequest item in items)
            await call.RequestStream.WriteAsync(item);
        await call.RequestStream.CompleteAsync();

        var codes = new List<StatusCode>();
        await foreach (DecideStreamResponse answer in call.ResponseStream.ReadAllAsync(TestContext.CurrentContext.CancellationToken))
            codes.Add(answer.AnswerCase == DecideStreamResponse.AnswerOneofCase.Fault ? (StatusCode)answer.Fault.Code : StatusCode.OK);
        Assert.That(codes, Is.EqualTo(new[] { StatusCode.PermissionDenied, StatusCode.InvalidArgument, StatusCode.InvalidArgument, StatusCode.InvalidArgument, StatusCode.InvalidArgument, StatusCode.OK }));
    }

    [Test]
    public async Task The_bundle_that_comes_is_the_one_that_decides()
    {
        (BundleDescription description, byte[] bytes) = await Bundle(new GetBundleRequest());

        Assert.That((description.Length, description.Offset), Is.EqualTo(((ulong)bytes.Length, 0UL)));
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(bytes)), Is.EqualTo(description.Revision.BundleHash));
        Assert.That(Engine.Bundles.Bundle.Read(bytes).Policies, Is.EqualTo(new[] { "baseline" }));
    }

    [Test]
    public async Task What_the_caller_has_is_not_sent_again()
    {
        (BundleDescription whole, byte[] bytes) = await Bundle(new GetBundleRequest());
        (BundleDescription nothing, byte[] none) = await Bundle(new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = whole.Length });
        (BundleDescription rest, byte[] end) = await Bundle(new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = 100 });
        (BundleDescription other, byte[] anew) = await Bundle(new GetBundleRequest { BundleHash = new string('0', 64), Offset = 100 });

        Assert.That((nothing.Offset, none), Is.EqualTo((whole.Length, Array.Empty<byte>())));
        Assert.That((rest.Offset, end), Is.EqualTo((100UL, bytes[100..])));
        Assert.That((other.Offset, anew), Is.EqualTo((0UL, bytes)));
        RpcException? beyond = await Assert.ThrowsAsync<RpcException>(() => Bundle(new GetBundleRequest { BundleHash = whole.Revision.BundleHash, Offset = ulong.MaxValue }));
        Assert.That(beyond?.StatusCode, Is.EqualTo(StatusCode.OutOfRange));
    }

    private async Task<(BundleDescription Description, byte[] Bytes)> Bundle(GetBundleRequest request)
    {
        using AsyncServerStreamingCall<GetBundleResponse> call = _gateway.GetBundle(request);
        await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken);
        BundleDescription description = call.ResponseStream.Current.Description;
        var bytes = new List<byte>();
        await foreach (GetBundleResponse part in call.ResponseStream.ReadAllAsync(TestContext.CurrentContext.CancellationToken))
            bytes.AddRange(part.Data);
        return (description, [.. bytes]);
    }

    private static DecideStreamRequest Item(byte number, string device)
    {
        var request = new DecideRequest { DeviceId = device };
        request.Attributes["firmware.version"] = new AttributeValue { Text = number % 2 == 0 ? "2.4.0" : "1.0.0" };
        return new DecideStreamRequest { Correlation = ByteString.CopyFrom(number), Request = request };
    }
}
