using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Rest;
using PolicyM2M.Testing;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The same services by JSON, over real HTTP/2 and real mutual TLS.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class RestTests
{
    private const string Attributes = """{ "device.type": { "text": "plc" }, "firmware.version": { "text": "2.4.0" } }""";

    private RunningPdp _pdp = null!;
    private X509Certificate2 _auditor = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        _auditor = TestCertificates.Issue(_pdp.Data, ["spiffe://dev.policym2m.example/auditor/dev"]);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _auditor.Dispose();
        await _pdp.DisposeAsync();
    }

    [Test]
    public void Every_RPC_that_is_no_stream_has_a_route()
    {
        IEnumerable<MethodDescriptor> unary = new[] { DecisionService.Descriptor, PolicyService.Descriptor, DeviceService.Descriptor, AuditService.Descriptor }
            .SelectMany(service => service.Methods).Where(method => !method.IsClientStreaming && !method.IsServerStreaming);
        Assert.That(RestRoute.All.Select(route => route.FullName).Distinct(),
            Is.EquivalentTo(unary.Append(DeviceService.Descriptor.FindMethodByName("ImportDevices")).Select(method => $"/{method.Service.FullName}/{method.Name}")));
    }

    [Test]
    public void The_page_has_every_route() => Assert.That(File.ReadAllLines(Path.Combine(ProjectFolder.Of(typeof(RestTests).Assembly), "../../docs/rest.md")).Where(line => line.Contains("| `/v1/", StringComparison.Ordinal)),
        Is.EqualTo(RestRoute.All.Select(route => $"| {route.Verb} | `{route.Path}` | `{route.Rpc.Service.Name}.{route.Rpc.Name}` |")));

    [Test]
    public async Task A_decision_is_the_one_that_gRPC_gives()
    {
        var request = new DecideRequest();
        request.Attributes["device.type"] = new AttributeValue { Text = "plc" };
        request.Attributes["firmware.version"] = new AttributeValue { Text = "2.4.0" };
        DecideResponse known = await _pdp.DecisionsAs("device").DecideAsync(request);

        (HttpStatusCode status, string json) = await Send("device", "POST", "/v1/decide", $$"""{ "attributes": {{Attributes}} }""");
        DecideResponse answer = DecideResponse.Parser.ParseJson(json);

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(answer.Decisions.Select(Timeless), Is.EqualTo(known.Decisions.Select(Timeless)));
        Assert.That(answer.NeededAttributes, Is.EqualTo(known.NeededAttributes));
    }

    [Test]
    public async Task A_gateway_asks_for_the_devices_of_its_site_and_for_no_others()
    {
        (HttpStatusCode own, string json) = await Send("gateway", "POST", "/v1/devices/plc-0042/decide", $$"""{ "form": "DECISION_FORM_SIGNED", "attributes": {{Attributes}} }""");
        (HttpStatusCode other, string fault) = await Send("gateway", "POST", "/v1/devices/plc-0099/decide", "{}");

        Assert.That((own, DecideResponse.Parser.ParseJson(json).SignedDecisions.Count), Is.EqualTo((HttpStatusCode.OK, 3)));
        Assert.That((other, CodeOf(fault)), Is.EqualTo((HttpStatusCode.Forbidden, StatusCode.PermissionDenied)));
        Assert.That(_pdp.Log.Lines, Has.Some.Contains("it asked about plc-0099: the device is not registered at the gateway's site plant-7"));
    }

    private static IEnumerable<TestCaseData> Calls =>
        from route in RestRoute.All
        from caller in new[] { ("device", Roles.Device), ("gateway", Roles.Gateway), ("operator", Roles.Operator), ("auditor", Roles.Auditor), ("server", Roles.None) }
        select new TestCaseData(route, caller.Item1, AccessTable.Allows(route.FullName, caller.Item2)).SetArgDisplayNames(route.Verb, route.Path, caller.Item1);

    [TestCaseSource(nameof(Calls))]
    public async Task A_role_may_call_what_it_may_over_gRPC(RestRoute route, string caller, bool isAllowed)
    {
        string path = route.Path.Replace("{device_id}", "plc-0042", StringComparison.Ordinal).Replace("{id}", "nobody", StringComparison.Ordinal).Replace("{number}", "0", StringComparison.Ordinal);
        (HttpStatusCode status, string json) = await Send(caller, route.Verb, path, route.HasBody ? "{}" : null);
        if (isAllowed)
            Assert.That((int)status, Is.Not.EqualTo((int)HttpStatusCode.InternalServerError), json);
        bool isRefused = status == HttpStatusCode.Forbidden && json.Contains($"may not call {route.FullName}", StringComparison.Ordinal);
        Assert.That(isRefused, Is.EqualTo(!isAllowed), $"{status} {json}");
    }

    [Test]
    public async Task An_operator_keeps_the_registry()
    {
        (HttpStatusCode made, string device) = await Send("operator", "PUT", "/v1/devices/pump-1", """{ "site": "plant-7", "risk": 30, "expectedVersion": "0" }""");
        (HttpStatusCode again, string fault) = await Send("operator", "PUT", "/v1/devices/pump-1", """{ "site": "plant-8", "expectedVersion": "0" }""");
        (_, string one) = await Send("operator", "GET", "/v1/devices/pump-1");
        (_, string page) = await Send("operator", "GET", "/v1/devices?site=plant-7&pageSize=100&state=DEVICE_STATE_ONBOARDING");
        (HttpStatusCode revoked, _) = await Send("operator", "POST", "/v1/devices/pump-1/revoke", """{ "reason": "stolen" }""");
        (HttpStatusCode kept, string why) = await Send("operator", "DELETE", "/v1/devices/pump-1?reason=gone");
        (HttpStatusCode missing, _) = await Send("operator", "GET", "/v1/devices/nobody");

        Assert.That((made, UpsertDeviceResponse.Parser.ParseJson(device).Device.Risk), Is.EqualTo((HttpStatusCode.OK, 30)));
        Assert.That((again, CodeOf(fault)), Is.EqualTo((HttpStatusCode.Conflict, StatusCode.Aborted)));
        Assert.That(GetDeviceResponse.Parser.ParseJson(one).Device.Site, Is.EqualTo("plant-7"));
        Assert.That(ListDevicesResponse.Parser.ParseJson(page).Devices.Select(found => found.Id), Does.Contain("pump-1"));
        Assert.That((revoked, kept, CodeOf(why), missing), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.BadRequest, StatusCode.FailedPrecondition, HttpStatusCode.NotFound)));
    }

    [Test]
    public async Task A_small_file_of_devices_is_imported_by_one_message_and_reported_in_one()
    {
        string file = Convert.ToBase64String("device.id,posture.risk,note\nrest-1,5,x\nrest-2,high,x\n"u8);
        (HttpStatusCode refused, string faults) = await Send("operator", "POST", "/v1/import", $$"""{ "options": { "format": "IMPORT_FORMAT_CSV" }, "chunk": "{{file}}" }""");
        (HttpStatusCode kept, string report) = await Send("operator", "POST", "/v1/import", $$"""{ "options": { "format": "IMPORT_FORMAT_CSV", "keepGood": true }, "chunk": "{{file}}" }""");
        (HttpStatusCode nothing, string why) = await Send("operator", "POST", "/v1/import", "{}");
        ImportDevicesResponse one = ImportDevicesResponse.Parser.ParseJson(faults), other = ImportDevicesResponse.Parser.ParseJson(report);

        Assert.That((refused, one.Summary.Written, one.Faults.Single().Line, one.Warnings.Count), Is.EqualTo((HttpStatusCode.OK, false, 3, 1)), faults);
        Assert.That((kept, other.Summary.Written, other.Summary.Changed, other.Faults.Count), Is.EqualTo((HttpStatusCode.OK, true, 1, 1)), report);
        Assert.That((nothing, CodeOf(why)), Is.EqualTo((HttpStatusCode.BadRequest, StatusCode.InvalidArgument)));
        Assert.That((await Send("operator", "GET", "/v1/devices/rest-1")).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>A line of two bytes has a fault of a hundred.</summary>
    [Test]
    public async Task Of_an_import_with_many_faults_and_warnings_the_first_thousand_are_named_and_the_others_counted()
    {
        byte[] lines = [.. "device.id\n"u8, .. Enumerable.Repeat("!\n", 3_000).SelectMany(Encoding.UTF8.GetBytes)];
        byte[] columns = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 1_200).Select(i => $"{{\"device.id\":\"many-{i}\",\"unknown.a{i}\":1}}")));
        ImportDevicesResponse faults = await Import("CSV", lines), warnings = await Import("JSON", columns);

        Assert.That((faults.Faults.Count, faults.Summary.Faults), Is.EqualTo((1_001, 3_000)));
        Assert.That((faults.Faults[999].Line, faults.Faults[1000].Line, faults.Faults[1000].Message), Is.EqualTo((1_001, 1_002, "and 2000 more from here on; over gRPC, as by `m2m pdp devices import`, all are told")));
        Assert.That((warnings.Warnings.Count, warnings.Faults.Count), Is.EqualTo((1_001, 0)), warnings.ToString()[..200]);
        Assert.That(warnings.Warnings[^1].Message, Does.StartWith("and 200 more from here on"));

        async Task<ImportDevicesResponse> Import(string format, byte[] file) => ImportDevicesResponse.Parser.ParseJson(
            (await Send("operator", "POST", "/v1/import", $$"""{ "options": { "format": "IMPORT_FORMAT_{{format}}", "dryRun": true }, "chunk": "{{Convert.ToBase64String(file)}}" }""")).Json);
    }

    [TestCase("/v1/decide", "{", "the body is no DecideRequest: it ends before it is whole")]
    [TestCase("/v1/decide", """{ "kinds": ["DECISION_KIND_AU""", "the body is no DecideRequest: it ends before it is whole")]
    [TestCase("/v1/decide", """{ "kinds": [9] }""", "the body is no DecideRequest: `kinds[0]` is `9`; expected DECISION_KIND_CIPHER_SUITES, DECISION_KIND_AUTH, DECISION_KIND_ROTATION")]
    [TestCase("/v1/decide", """{ "form": 1, "form": 1 }""", "the body is no DecideRequest: `form` is there twice")]
    [TestCase("/v1/decide", """{ "deviceId": "a", "device_id": "b" }""", "the body is no DecideRequest: `device_id` is there twice")]
    [TestCase("/v1/decide", """{ "attributes": { "a": { "text": "b" }, "a": { "text": "c" } } }""", "the body is no DecideRequest: `attributes[\"a\"]` is there twice")]
    [TestCase("/v1/decide", """{ "attributes": { "a": { "text": "b", "text": "c" } } }""", "the body is no DecideRequest: `attributes[\"a\"].text` is there twice")]
    [TestCase("/v1/decide", """{ "\ud800": 1 }""", "the body is no DecideRequest: it has a name or a text with half of a surrogate pair, which is no character")]
    [TestCase("/v1/decide", """{ "attributes": { "\udc00": { "text": "b" } } }""", "the body is no DecideRequest: it has a name or a text with half of a surrogate pair, which is no character")]
    [TestCase("/v1/decide", """{ "deviceId": "a\ud800" }""", "the body is no DecideRequest: it has a name or a text with half of a surrogate pair, which is no character")]
    [TestCase("/v1/decide", "", "the body is no DecideRequest: it is empty; `{}` says nothing")]
    [TestCase("/v1/decide", "nonsense", "the body is no DecideRequest: line 1, byte 2: it is not JSON")]
    [TestCase("/v1/decide", "[]", "the body is no DecideRequest: the whole is a list; expected an object")]
    [TestCase("/v1/decide", "{} {}", "the body is no DecideRequest: line 1, byte 4: it is not JSON")]
    [TestCase("/v1/decide", """{ "atributes": {} }""", "the body is no DecideRequest: DecideRequest has no field `atributes`; did you mean `attributes`?")]
    [TestCase("/v1/decide", """{ "kinds": "DECISION_KIND_AUTH" }""", "the body is no DecideRequest: `kinds` is the text `DECISION_KIND_AUTH`; expected a list")]
    [TestCase("/v1/decide", """{ "kinds": ["NO_KIND"] }""",
        "the body is no DecideRequest: `kinds[0]` is the text `NO_KIND`; expected DECISION_KIND_CIPHER_SUITES, DECISION_KIND_AUTH, DECISION_KIND_ROTATION")]
    [TestCase("/v1/decide", """{ "attributes": { "device.type": null } }""", "the body is no DecideRequest: `attributes[\"device.type\"]` is null; leave it out where there is none")]
    [TestCase("/v1/decide", """{ "attributes": { "device.type": "plc" } }""", "the body is no DecideRequest: `attributes[\"device.type\"]` is the text `plc`; expected an object")]
    [TestCase("/v1/decide", """{ "attributes": { "a": { "integer": "99999999999999999999" } } }""",
        "the body is no DecideRequest: `attributes[\"a\"].integer` is the text `99999999999999999999`; expected a whole number of 64 bits")]
    [TestCase("/v1/decide", """{ "attributes": { "a": { "text": "b", "boolean": true } } }""", "the body is no DecideRequest: two of its fields exclude each other")]
    [TestCase("/v1/decide", """{ "knownStatement": "no base64!" }""", "the body is no DecideRequest: `knownStatement` is the text `no base64!`; expected bytes in base64")]
    [TestCase("/v1/decide", "{ \"kinds\": \"a\u202Eb\u200Bc\u2028d\" }", "the body is no DecideRequest: `kinds` is the text `a b c d`; expected a list")]
    [TestCase("/v1/decide?a%E2%80%AEb=1", "{}", "`a b` is in the query; it belongs into the body")]
    [TestCase("/v1/decide?device_id=plc-0042", "{}", "`device_id` is in the query; it belongs into the body")]
    [TestCase("/v1/devices/plc-0042/decide", """{ "deviceId": "plc-0099" }""", "`device_id` is one thing in the path and another in the body")]
    public async Task What_is_no_request_is_refused_with_its_place(string path, string body, string message)
    {
        (HttpStatusCode status, string json) = await Send("device", "POST", path, body);
        Assert.That((status, CodeOf(json), (string?)JsonNode.Parse(json)!["message"]), Is.EqualTo((HttpStatusCode.BadRequest, StatusCode.InvalidArgument, message)), json);
        Assert.That(json, Does.Not.Contain("\\u00"), "people read it");
    }

    [Test]
    public async Task A_path_that_is_none_and_a_method_that_it_does_not_take_are_told_as_any_other_fault()
    {
        (HttpStatusCode missing, string nowhere) = await Send("device", "GET", "/v1/nowhere");
        (_, string turned) = await Send("device", "GET", "/v1/a%E2%80%AEb%C2%85c");
        Assert.That((string?)JsonNode.Parse(turned)!["message"], Does.StartWith("there is no `/v1/a b c`;"));
        (HttpStatusCode wrong, string method) = await Send("operator", "POST", "/v1/status", "{}");
        Assert.That((missing, CodeOf(nowhere), (string?)JsonNode.Parse(nowhere)!["message"]),
            Is.EqualTo((HttpStatusCode.NotFound, StatusCode.NotFound, "there is no `/v1/nowhere`; GET /openapi.json describes what there is")));
        Assert.That((wrong, CodeOf(method), (string?)JsonNode.Parse(method)!["message"]),
            Is.EqualTo((HttpStatusCode.MethodNotAllowed, StatusCode.Unimplemented, "`/v1/status` takes GET, and not POST; GET /openapi.json describes what there is")));
    }

    [Test]
    public async Task A_path_that_HTTP_does_not_take_ends_its_own_stream_and_no_other()
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(_pdp.Data.Certificate("operator"), _pdp.Data.Key("operator"));
        using SocketsHttpHandler handler = RunningPdp.Handler(_pdp.Data, certificate);
        int connections = 0;
        handler.PlaintextStreamFilter = (context, _) =>
        {
            connections++;
            return ValueTask.FromResult(context.PlaintextStream);
        };
        using var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        Assert.That((await client.GetAsync($"{_pdp.Address}/v1/devices/plc-0042")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        HttpRequestException? end = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"{_pdp.Address}/v1/devices/%00"));
        Assert.That((end!.InnerException as HttpProtocolException)?.ErrorCode, Is.EqualTo(1), "PROTOCOL_ERROR");
        Assert.That((await client.GetAsync($"{_pdp.Address}/v1/devices/plc-0042")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(connections, Is.EqualTo(1));
    }

    [Test]
    public async Task A_risk_that_was_forgotten_changes_nothing()
    {
        await Send("operator", "PUT", "/v1/devices/pump-2", """{ "risk": 30 }""");
        (HttpStatusCode forgotten, string why) = await Send("operator", "POST", "/v1/devices/pump-2/risk", "{}");
        (_, string kept) = await Send("operator", "GET", "/v1/devices/pump-2");
        (HttpStatusCode cleared, string device) = await Send("operator", "POST", "/v1/devices/pump-2/risk", """{ "unknown": true }""");
        Assert.That((forgotten, CodeOf(why), GetDeviceResponse.Parser.ParseJson(kept).Device.Risk), Is.EqualTo((HttpStatusCode.BadRequest, StatusCode.InvalidArgument, 30)));
        Assert.That((cleared, SetDeviceRiskResponse.Parser.ParseJson(device).Device.HasRisk), Is.EqualTo((HttpStatusCode.OK, false)));
    }

    [TestCase("/v1/devices?page_size=many")]
    [TestCase("/v1/devices?page_size=1&page_size=2")]
    [TestCase("/v1/devices?state=7")]
    [TestCase("/v1/devices?everything=true")]
    public async Task A_query_that_says_nothing_that_is_known_is_refused(string path)
    {
        (HttpStatusCode status, string json) = await Send("operator", "GET", path);
        Assert.That((status, CodeOf(json)), Is.EqualTo((HttpStatusCode.BadRequest, StatusCode.InvalidArgument)), json);
    }

    [Test]
    public async Task What_is_too_deep_too_large_no_text_or_a_form_is_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"attributes\":", 5_000));
        byte[] large = Encoding.UTF8.GetBytes("{ \"deviceId\": \"" + new string('x', RequestLimits.MaximumMessageBytes) + "\" }");
        Assert.That(CodeOf((await Send("device", "POST", "/v1/decide", deep)).Json), Is.EqualTo(StatusCode.InvalidArgument));
        (HttpStatusCode status, string json) = await Send("device", "POST", "/v1/decide", large);
        Assert.That((status, CodeOf(json)), Is.EqualTo((HttpStatusCode.RequestEntityTooLarge, StatusCode.ResourceExhausted)));
        Assert.That(CodeOf((await Send("device", "POST", "/v1/decide", [(byte)'"', 0xFF, (byte)'"'])).Json), Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(CodeOf((await Send("device", "POST", "/v1/decide", "{}"u8.ToArray(), "text/plain")).Json), Is.EqualTo(StatusCode.InvalidArgument), "as a page of another site could send it");
    }

    [Test]
    public async Task The_OpenAPI_document_is_reviewed_text_and_holds_together()
    {
        (_, string json) = await Send("device", "GET", "/openapi.json");
        JsonNode document = JsonNode.Parse(json)!;
        var schemas = (JsonObject)document["components"]!["schemas"]!;
        string[] named = [.. References(document).Distinct()];
        Assert.That(named.Select(name => name["#/components/schemas/".Length..]), Is.EquivalentTo(schemas.Select(schema => schema.Key)), "each is there, and each is needed");
        Snapshot.Match(document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    private static string Timeless(Decision decision)
    {
        Decision other = decision.Clone();
        (other.IssuedAt, other.FreshUntil, other.UsableUntil) = (null, null, null);
        return JsonFormatter.Default.Format(other);
    }

    private static StatusCode CodeOf(string fault) => (StatusCode)(int)JsonNode.Parse(fault)!["code"]!;

    private Task<(HttpStatusCode Status, string Json)> Send(string caller, string verb, string path, string? body = null) => Send(caller, verb, path, body is null ? null : Encoding.UTF8.GetBytes(body));

    private async Task<(HttpStatusCode Status, string Json)> Send(string caller, string verb, string path, byte[]? body, string type = "application/json")
    {
        using X509Certificate2? certificate = caller == "auditor" ? null : X509Certificate2.CreateFromPemFile(_pdp.Data.Certificate(caller), _pdp.Data.Key(caller));
        using var client = new HttpClient(RunningPdp.Handler(_pdp.Data, certificate ?? _auditor));
        using var request = new HttpRequestMessage(new HttpMethod(verb), new Uri(_pdp.Address + path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (body is not null)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.CurrentContext.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.CurrentContext.CancellationToken));
    }
}
