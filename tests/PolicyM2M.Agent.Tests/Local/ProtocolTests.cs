using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Status;
using PolicyM2M.Wire.V1;
using StatusCode = Grpc.Core.StatusCode;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>What a program sends that is no gRPC, or not what the contract says: each ends with a status, and the next call is answered.</summary>
internal sealed class ProtocolTests
{
    private const string Decide = "/policym2m.v1.DecisionService/Decide";

    private GatewayFolder _folder = null!;
    private Gateway _gateway = null!;
    private LocalServer _server = null!;
    private HttpClient _client = null!;
    private StringWriter _log = null!;

    [SetUp]
    public async Task Begin()
    {
        _folder = new GatewayFolder();
        AgentConfiguration configuration = ConfigurationFile.Read(_folder.Configuration) with { Callers = [new CallerRule(SystemAccounts.Own(), null, IsSelf: true, IsAll: false, [])] };
        _gateway = Gateway.Connect(Daemon.Options(configuration, TimeProvider.System), new OwnClaims(configuration.Claims));
        _log = new StringWriter();
        var seen = new Sightings(new AgentStatus { Pdp = configuration.Pdp, StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, _log);
        _server = await LocalServer.StartAsync(configuration.Socket, _gateway, new CallerRules(configuration.Callers, _gateway.Name, owner: uint.MaxValue), seen, ConnectionLimits.Usual, default);
        _client = LocalAddress.Client(configuration.Socket.Path);
    }

    [TearDown]
    public async Task End()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _gateway.DisposeAsync();
        _folder.Dispose();
        await _log.DisposeAsync();
    }

    [TestCase("", StatusCode.InvalidArgument, "there is no request")]
    [TestCase("00000000", StatusCode.Internal, "a message is cut short")]
    [TestCase("0000000005AA", StatusCode.Internal, "a message is cut short")]
    [TestCase("0100000000", StatusCode.Unimplemented, "compressed messages are not taken")]
    [TestCase("0000080001", StatusCode.ResourceExhausted, "a message has 524289 bytes")]
    [TestCase("00FFFFFFFF", StatusCode.ResourceExhausted, "a message has 4294967295 bytes")]
    [TestCase("0000000001FF", StatusCode.InvalidArgument, "the message is malformed")]
    public async Task A_message_that_is_none_ends_with_a_status(string bytes, StatusCode code, string detail)
    {
        (StatusCode Code, string Detail) answer = await CallAsync(Decide, Convert.FromHexString(bytes));
        Assert.That(answer.Code, Is.EqualTo(code));
        Assert.That(answer.Detail, Does.StartWith(detail));
        Assert.That((await CallAsync(Decide, Message(new DecideRequest()))).Code, Is.EqualTo(StatusCode.OK));
    }

    [Test]
    public async Task A_method_that_nobody_has_and_a_request_that_is_no_gRPC_are_refused()
    {
        Assert.That((await CallAsync("/policym2m.v1.PolicyService/GetStatus", Message(new GetStatusRequest()))).Code, Is.EqualTo(StatusCode.Unimplemented));
        using HttpResponseMessage page = await _client.GetAsync(new Uri(Decide, UriKind.Relative));
        Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.UnsupportedMediaType));
    }

    [TestCase("application/grpc", HttpStatusCode.OK)]
    [TestCase("application/grpc+proto", HttpStatusCode.OK)]
    [TestCase("application/grpc;charset=utf-8", HttpStatusCode.OK)]
    [TestCase("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [TestCase("application/grpc-web+proto", HttpStatusCode.UnsupportedMediaType)]
    [TestCase("application/json", HttpStatusCode.UnsupportedMediaType)]
    public async Task Only_gRPC_itself_is_answered_and_no_protocol_that_is_called_almost_so(string type, HttpStatusCode status)
    {
        using HttpResponseMessage response = await SendAsync(Decide, Message(new DecideRequest()), null, type);
        Assert.That(response.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task A_request_beyond_the_limits_is_refused_with_the_offender_named()
    {
        var many = new DecideRequest();
        for (int i = 0; i < 257; i++)
            many.Attributes[$"a{i}"] = new AttributeValue { Boolean = true };
        Assert.That(await CallAsync(Decide, Message(many)), Is.EqualTo((StatusCode.InvalidArgument, "there are 257 attributes, and at most 256 may be sent")));
        Assert.That((await CallAsync(Decide, Message(new DecideRequest { Kinds = { DecisionKind.Auth, DecisionKind.Auth } }))).Code, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That((await CallAsync(Decide, Message(new DecideRequest { Attributes = { ["x"] = new AttributeValue() } }))).Code, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(await CallAsync(Decide, Message(new DecideRequest { Attributes = { ["grüße"] = new AttributeValue() } })), Is.EqualTo((StatusCode.InvalidArgument, "`grüße` has no value; leave it out where it is not known")));
        Assert.That((await CallAsync(Decide, Message(new DecideRequest { DeviceId = "grüße" }))).Code, Is.EqualTo(StatusCode.InvalidArgument), "no segment of a SPIFFE ID");
        Assert.That(await CallAsync(Decide, Message(new DecideRequest { DeviceId = "plc-8" })), Is.EqualTo((StatusCode.PermissionDenied, $"user {SystemAccounts.Own()} may not ask this agent about plc-8; its configuration says who may (callers)")));
    }

    [Test]
    public async Task A_message_for_people_comes_as_it_is_where_a_header_takes_that()
    {
        using HttpResponseMessage response = await SendAsync(Decide, Message(new DecideRequest { DeviceId = "plc-8" }), null);
        await response.Content.ReadAsByteArrayAsync();
        Assert.That(response.TrailingHeaders.GetValues("grpc-message").Single(), Is.EqualTo($"user {SystemAccounts.Own()} may not ask this agent about plc-8; its configuration says who may (callers)"));
        using HttpResponseMessage other = await SendAsync(Decide, Message(new DecideRequest { Attributes = { ["grüße 100%"] = new AttributeValue() } }), null);
        await other.Content.ReadAsByteArrayAsync();
        Assert.That(other.TrailingHeaders.GetValues("grpc-message").Single(), Is.EqualTo("`gr%C3%BC%C3%9Fe 100%25` has no value; leave it out where it is not known"));
    }

    [Test]
    public async Task A_call_ends_at_the_deadline_that_its_caller_set()
    {
        Assert.That((await CallAsync("/policym2m.v1.DecisionService/Watch", Message(new WatchRequest()), "50m")).Code, Is.EqualTo(StatusCode.DeadlineExceeded));
    }

    [Test]
    public async Task Where_there_is_nothing_to_go_by_the_answer_is_a_denial_and_nothing_signed()
    {
        Assert.That((await CallAsync(Decide, Message(new DecideRequest { Form = DecisionForm.Signed }))).Code, Is.EqualTo(StatusCode.Unavailable));
        Assert.That((await CallAsync("/policym2m.v1.DecisionService/GetBundle", Message(new GetBundleRequest()))).Code, Is.EqualTo(StatusCode.Unavailable));
        Assert.That((await CallAsync("/policym2m.v1.DecisionService/GetSigningKeys", Message(new GetSigningKeysRequest()))).Code, Is.EqualTo(StatusCode.Unavailable));
    }

    [Test]
    public async Task A_failure_of_the_agent_is_a_status_and_a_line_of_the_log()
    {
        await _gateway.DisposeAsync();
        Assert.That(await CallAsync(Decide, Message(new DecideRequest())), Is.EqualTo((StatusCode.Internal, "the agent failed; its log says why")));
        Assert.That(_log.ToString(), Does.StartWith($"call-failed: {Decide}: ObjectDisposedException"));
    }

    private async Task<(StatusCode Code, string Detail)> CallAsync(string path, byte[] body, string? timeout = null)
    {
        using HttpResponseMessage response = await SendAsync(path, body, timeout);
        await response.Content.ReadAsByteArrayAsync();
        string code = response.TrailingHeaders.GetValues("grpc-status").Single();
        string detail = response.TrailingHeaders.TryGetValues("grpc-message", out IEnumerable<string>? messages) ? Uri.UnescapeDataString(messages.Single()) : "";
        return ((StatusCode)int.Parse(code, System.Globalization.CultureInfo.InvariantCulture), detail);
    }

    private async Task<HttpResponseMessage> SendAsync(string path, byte[] body, string? timeout, string type = "application/grpc")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (timeout is not null)
            request.Headers.Add("grpc-timeout", timeout);
        return await _client.SendAsync(request);
    }

    private static byte[] Message(IMessage message)
    {
        byte[] payload = message.ToByteArray();
        return [0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
    }
}
