using System.Security.Cryptography.X509Certificates;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Routing;
using PolicyM2M.Pdp.Access;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Every RPC by every role, through real mutual TLS. The table here is written by hand, so that a slip in the server's own table shows.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class AccessTests
{
    private const string Device = "device", Gateway = "gateway", Operator = "operator", Auditor = "auditor";

    /// <summary>The server's own certificate is good for TLS and names no role.</summary>
    private const string NoRole = "server";

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["/policym2m.v1.DecisionService/Decide"] = [Device, Gateway],
        ["/policym2m.v1.DecisionService/DecideStream"] = [Device, Gateway],
        ["/policym2m.v1.DecisionService/GetBundle"] = [Device, Gateway],
        ["/policym2m.v1.DecisionService/Watch"] = [Device, Gateway],
        ["/policym2m.v1.DecisionService/WatchDevices"] = [Device, Gateway],
        ["/policym2m.v1.DecisionService/ReportRotation"] = [Device, Gateway],
        ["/policym2m.v1.DecisionService/GetSigningKeys"] = [Device, Gateway, Operator, Auditor],
        ["/policym2m.v1.PolicyService/GetStatus"] = [Operator],
        ["/policym2m.v1.PolicyService/ListRevisions"] = [Operator],
        ["/policym2m.v1.PolicyService/Promote"] = [Operator],
        ["/policym2m.v1.PolicyService/RollBack"] = [Operator],
        ["/policym2m.v1.PolicyService/Pin"] = [Operator],
        ["/policym2m.v1.PolicyService/Unpin"] = [Operator],
        ["/policym2m.v1.PolicyService/SetStage"] = [Operator],
        ["/policym2m.v1.PolicyService/AcceptHistory"] = [Operator],
        ["/policym2m.v1.PolicyService/GetDifferences"] = [Operator],
        ["/policym2m.v1.DeviceService/UpsertDevice"] = [Operator],
        ["/policym2m.v1.DeviceService/GetDevice"] = [Operator],
        ["/policym2m.v1.DeviceService/ListDevices"] = [Operator],
        ["/policym2m.v1.DeviceService/SetDeviceState"] = [Operator],
        ["/policym2m.v1.DeviceService/SetDeviceRisk"] = [Operator],
        ["/policym2m.v1.DeviceService/RevokeDevice"] = [Operator],
        ["/policym2m.v1.DeviceService/ReinstateDevice"] = [Operator],
        ["/policym2m.v1.DeviceService/DeleteDevice"] = [Operator],
        ["/policym2m.v1.DeviceService/ImportDevices"] = [Operator],
        ["/policym2m.v1.DeviceService/GetRegistryStatus"] = [Operator],
        ["/policym2m.v1.AuditService/GetCheckpoint"] = [Auditor],
        ["/policym2m.v1.AuditService/ListEntries"] = [Auditor],
        ["/policym2m.v1.AuditService/GetInclusionProof"] = [Auditor],
        ["/policym2m.v1.AuditService/GetConsistencyProof"] = [Auditor],
        ["/grpc.health.v1.Health/Check"] = [Device, Gateway, Operator, Auditor],
        ["/grpc.health.v1.Health/Watch"] = [Device, Gateway, Operator, Auditor],
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = [Device, Gateway, Operator, Auditor],
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = [Device, Gateway, Operator, Auditor],
    };

    private RunningPdp _pdp = null!;

    [OneTimeSetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    private static IEnumerable<TestCaseData> Calls =>
        from rpc in Allowed
        from caller in new[] { Device, Gateway, Operator, Auditor, NoRole }
        select new TestCaseData(rpc.Key, caller, rpc.Value.Contains(caller)).SetArgDisplayNames(rpc.Key, caller);

    [TestCaseSource(nameof(Calls))]
    public async Task A_role_may_call_what_the_table_says_and_nothing_else(string rpc, string caller, bool isAllowed)
    {
        using X509Certificate2 auditor = TestCertificates.Issue(_pdp.Data, ["spiffe://dev.policym2m.example/auditor/dev"]);
        StatusCode status = await Call(caller == Auditor ? _pdp.Channel(auditor) : _pdp.ChannelOf(caller), rpc);

        Assert.That(status == StatusCode.PermissionDenied, Is.EqualTo(!isAllowed), $"{status}");
        if (!isAllowed)
            Assert.That(_pdp.Log.Lines, Has.Some.StartsWith($"Warning: denied {rpc} to spiffe://dev.policym2m.example/"));
    }

    [Test]
    public void Every_RPC_that_is_mapped_is_in_the_table_and_the_other_way_round()
    {
        string[] mapped = [.. ((IEndpointRouteBuilder)_pdp.Server).DataSources.SelectMany(source => source.Endpoints)
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName).OfType<string>().Distinct()];

        Assert.That(mapped, Is.EquivalentTo(Allowed.Keys));
        Assert.That(AccessTable.Rpcs, Is.EquivalentTo(Allowed.Keys));
    }

    [Test]
    public async Task An_RPC_that_nobody_knows_is_not_answered()
    {
        StatusCode status = await Call(_pdp.ChannelOf(Operator), "/policym2m.v1.PolicyService/Activate");

        Assert.That(status, Is.EqualTo(StatusCode.Unimplemented));
    }

    [Test]
    public async Task A_role_is_a_whole_path_of_two_segments()
    {
        string[] paths = ["/device", "/device/a/b", "/Device/plc-0042", "/devices/plc-0042", "/operator"];
        foreach (string path in paths)
        {
            using X509Certificate2 certificate = TestCertificates.Issue(_pdp.Data, [$"spiffe://dev.policym2m.example{path}"]);
            Assert.That(await Call(_pdp.Channel(certificate), "/grpc.health.v1.Health/Check"), Is.EqualTo(StatusCode.PermissionDenied), path);
        }
    }

    /// <summary>On the wire all kinds of call are the same: here one empty message goes out, and the first that comes back is an answer.</summary>
    private static async Task<StatusCode> Call(GrpcChannel channel, string rpc)
    {
        Marshaller<byte[]> bytes = Marshallers.Create<byte[]>(data => data, data => data);
        string[] names = rpc.Split('/');
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, names[1], names[2], bytes, bytes);
        using AsyncDuplexStreamingCall<byte[], byte[]> call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new CallOptions());
        try
        {
            await call.RequestStream.WriteAsync([]);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // Who is refused may hear so before all is sent, and cannot send the rest; why is in the answer.
        }
        try
        {
            return await call.ResponseStream.MoveNext(TestContext.CurrentContext.CancellationToken) ? StatusCode.OK : call.GetStatus().StatusCode;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
