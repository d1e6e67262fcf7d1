using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Access;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Which paths are streams, and that another spelling of a path gets nobody further than the path itself.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class StreamPathTests
{
    private const string Watch = "/policym2m.v1.DecisionService/Watch";

    [Test]
    public async Task The_streams_are_known_and_their_other_spellings_are_none()
    {
        await using RunningPdp pdp = await RunningPdp.StartAsync();
        var streams = new StreamPaths(pdp.Server.Services.GetRequiredService<EndpointDataSource>());
        string[] known = [.. AccessTable.Rpcs.Where(rpc => streams.Contains(rpc)).Order(StringComparer.Ordinal)];
        Assert.That(known, Is.EqualTo(new[]
        {
            "/grpc.health.v1.Health/Watch", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            "/policym2m.v1.AuditService/ListEntries", "/policym2m.v1.DecisionService/DecideStream", "/policym2m.v1.DecisionService/GetBundle", Watch,
            "/policym2m.v1.DecisionService/WatchDevices", "/policym2m.v1.DeviceService/ImportDevices",
        }));
        foreach (string path in known)
        {
            string[] others = [path.ToUpperInvariant(), path.ToLowerInvariant(), $"{path}/", $"/{path}", path.Replace("/W", "//W", StringComparison.Ordinal) + "/", $"{path}%2F", "", "/"];
            Assert.That(others.Where(other => streams.Contains(other)), Is.Empty, path);
            Assert.That(others.Select(other => AccessTable.RolesOf(other)), Is.All.EqualTo(Pdp.Identity.Roles.None), path);
        }
        Assert.That(streams.Contains(default), Is.False, "no path");
    }

    [TestCase("/policym2m.v1.decisionservice/watch", "7")]
    [TestCase("/POLICYM2M.V1.DECISIONSERVICE/WATCH", "7")]
    [TestCase("/policym2m.v1.DecisionService/Watch/", "7")]
    [TestCase("/policym2m.v1.DecisionService//Watch", "")]
    [TestCase("//policym2m.v1.DecisionService/Watch", "")]
    [TestCase("/policym2m.v1.DecisionService%2FWatch", "")]
    [TestCase("/policym2m.v1.DecisionService/Watch%20", "12")]
    [TestCase("/policym2m.v1.PolicyService/getstatus", "7")]
    [TestCase("/policym2m.v1.PolicyService/GetStatus/", "7")]
    [TestCase("/policym2m.v1.PolicyService/%47etStatus", "7")]
    [TestCase("/policym2m.v1.PolicyService/GetStatus?role=operator", "7")]
    [TestCase("/v1/../policym2m.v1.PolicyService/GetStatus", "7")]
    public async Task Another_spelling_opens_nothing_and_holds_no_place_when_it_is_refused(string path, string status)
    {
        // One call and one stream at one time: what held its place would be in the way of the next.
        await using RunningPdp pdp = await StartAsync();
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("device"), pdp.Data.Key("device"));
        using var http = new HttpClient(RunningPdp.Handler(pdp.Data, certificate));
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage answer = await PostAsync(http, pdp, path, cancel);
            Assert.That(StatusOf(answer), Is.EqualTo(status));
            Assert.That(await answer.Content.ReadAsByteArrayAsync(cancel), status.Length > 0 ? Is.Empty : Is.Not.Null);
        }

        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        using AsyncServerStreamingCall<WatchResponse> watch = device.Watch(new WatchRequest(), cancellationToken: cancel);
        Assert.That(await watch.ResponseStream.MoveNext(cancel));
        Assert.That((await device.DecideAsync(new DecideRequest(), cancellationToken: cancel)).Decisions, Has.Count.EqualTo(3));
    }

    [TestCase("/policym2m.v1.DecisionService/%57atch")]
    [TestCase("/%70olicym2m.v1.DecisionService/Watch")]
    [TestCase("/policym2m.v1.DecisionService/Watch?again=1")]
    [TestCase("/v1/../policym2m.v1.DecisionService/Watch")]
    public async Task What_the_web_server_reads_as_the_path_itself_is_counted_as_the_stream_that_it_is(string path)
    {
        await using RunningPdp pdp = await StartAsync();
        CancellationToken cancel = TestContext.CurrentContext.CancellationToken;
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(pdp.Data.Certificate("device"), pdp.Data.Key("device"));
        using var http = new HttpClient(RunningPdp.Handler(pdp.Data, certificate));
        using HttpResponseMessage watching = await PostAsync(http, pdp, path, cancel);
        await using Stream news = await watching.Content.ReadAsStreamAsync(cancel);
        Assert.That((StatusOf(watching), await news.ReadAsync(new byte[5], cancel)), Is.EqualTo(("", 5)), "it is open, and says something");

        foreach (string again in new[] { path, Watch })
        {
            using HttpResponseMessage refused = await PostAsync(http, pdp, again, cancel);
            Assert.That((StatusOf(refused), Uri.UnescapeDataString(refused.Headers.GetValues("grpc-message").Single())), Is.EqualTo(("8", "1 streams are open; try again later")));
        }
        Assert.That((await pdp.DecisionsAs("device").DecideAsync(new DecideRequest(), cancellationToken: cancel)).Decisions, Has.Count.EqualTo(3), "it takes no place of a call");

        watching.Dispose();
        await RunningPdp.Eventually(async () =>
        {
            using HttpResponseMessage next = await PostAsync(http, pdp, path, cancel);
            return StatusOf(next);
        }, status => status.Length == 0);
    }

    /// <summary>The status of a call that was ended at once; empty of one that is open, or is none of gRPC.</summary>
    private static string StatusOf(HttpResponseMessage answer) => answer.Headers.TryGetValues("grpc-status", out IEnumerable<string>? status) ? status.Single() : "";

    /// <summary>Sends a path as it stands, with an empty message of gRPC.</summary>
    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, RunningPdp pdp, string path, CancellationToken cancel)
    {
        var uri = new Uri(pdp.Address + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(new byte[5]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("te", "trailers");
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    private static async Task<RunningPdp> StartAsync() =>
        await RunningPdp.StartAsync(change: options => options with { Callers = new() { Limits = new CallLimits { Calls = 16, Streams = 1 } } });
}
