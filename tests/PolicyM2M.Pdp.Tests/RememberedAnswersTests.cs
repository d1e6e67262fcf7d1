using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What is remembered is given before the layers of gRPC; whatever else comes over the wire gets from these what it always got.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class RememberedAnswersTests
{
    private RunningPdp _pdp = null!;
    private X509Certificate2 _certificate = null!;
    private HttpClient _http = null!;

    /// <summary>A body of one message: not compressed, its length, its bytes.</summary>
    private static byte[] Frame(byte flag = 0, int missing = 0)
    {
        byte[] message = new DecideRequest { Form = DecisionForm.Signed, Kinds = { DecisionKind.CipherSuites }, Attributes = { ["device.type"] = new AttributeValue { Text = "plc" } } }.ToByteArray();
        return [flag, 0, 0, 0, (byte)(message.Length + missing), .. message];
    }

    [SetUp]
    public async Task Start()
    {
        _pdp = await RunningPdp.StartAsync();
        _certificate = X509Certificate2.CreateFromPemFile(_pdp.Data.Certificate("device"), _pdp.Data.Key("device"));
        _http = new HttpClient(RunningPdp.Handler(_pdp.Data, _certificate));
    }

    [TearDown]
    public async Task Stop()
    {
        _http.Dispose();
        _certificate.Dispose();
        await _pdp.DisposeAsync();
    }

    [Test]
    public async Task The_second_answer_is_the_first_byte_for_byte_with_the_same_headers_and_trailers()
    {
        (string status, byte[] body) made = await SendAsync(HttpMethod.Post, Frame()), again = await SendAsync(HttpMethod.Post, Frame());
        Assert.Multiple(() =>
        {
            Assert.That(made.status, Is.EqualTo("200 application/grpc 0"));
            Assert.That(again.status, Is.EqualTo(made.status));
            Assert.That(again.body, Is.EqualTo(made.body));
            Assert.That(Again, Is.EqualTo(1));
        });
    }

    private static IEnumerable<TestCaseData> Odd()
    {
        yield return new TestCaseData("POST", Frame(flag: 1), "application/grpc").SetArgDisplayNames("said to be compressed");
        yield return new TestCaseData("POST", (byte[])[.. Frame(), .. Frame()], "application/grpc").SetArgDisplayNames("two messages");
        yield return new TestCaseData("POST", (byte[])[.. Frame(), 0], "application/grpc").SetArgDisplayNames("a byte too many");
        yield return new TestCaseData("POST", Frame(missing: 1), "application/grpc").SetArgDisplayNames("a byte too few");
        yield return new TestCaseData("POST", (byte[])[], "application/grpc").SetArgDisplayNames("nothing");
        yield return new TestCaseData("POST", Frame(), "application/json").SetArgDisplayNames("as JSON");
        yield return new TestCaseData("PUT", Frame(), "application/grpc").SetArgDisplayNames("another method");
    }

    [TestCaseSource(nameof(Odd))]
    public async Task What_is_not_exactly_a_request_of_gRPC_is_answered_as_if_nothing_were_remembered(string method, byte[] body, string type)
    {
        (string Status, byte[]) before = await SendAsync(new HttpMethod(method), body, type);
        for (int i = 0; i < 2; i++)
            await SendAsync(HttpMethod.Post, Frame());
        (string Status, byte[]) after = await SendAsync(new HttpMethod(method), body, type);

        Assert.That(after.Status, Is.EqualTo(before.Status));
        Assert.That(after.Status, Is.Not.EqualTo("200 application/grpc 0"));
        Assert.That(Again, Is.EqualTo(1), "only the second of the two was from memory");
    }

    private long Again => _pdp.Server.Services.GetRequiredService<PdpMetrics>().SignedAgain;

    /// <summary>The status of HTTP, the type and the status of gRPC of an answer, and its body.</summary>
    private async Task<(string Status, byte[] Body)> SendAsync(HttpMethod method, byte[] body, string type = "application/grpc")
    {
        using var request = new HttpRequestMessage(method, $"{_pdp.Address}/policym2m.v1.DecisionService/Decide")
        {
            Content = new ByteArrayContent(body),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using HttpResponseMessage response = await _http.SendAsync(request, TestContext.CurrentContext.CancellationToken);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(TestContext.CurrentContext.CancellationToken);
        string grpc = string.Join(",", response.Headers.Concat(response.TrailingHeaders).Where(header => header.Key == "grpc-status").SelectMany(header => header.Value));
        return ($"{(int)response.StatusCode} {response.Content.Headers.ContentType} {grpc}", answer);
    }
}
