using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Pdp.Webhook;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A Git host that tells of a push, and others who would like to.</summary>
[TestFixture]
[CancelAfter(120_000)]
public sealed class WebhookTests
{
    private const string Secret = "a secret of the fleet";
    private const string Body = """{"ref":"refs/heads/main","text":"äöü"}""";

    private readonly HttpClient _client = new();
    private RunningPdp _pdp = null!;
    private TemporaryFolder _folder = null!;

    [SetUp]
    public async Task Start()
    {
        _folder = new TemporaryFolder();
        _folder.Write("secret", $"{Secret}\n");
        _pdp = RunningPdp.Prepare();
        _pdp.Git.Commit("Test policies", TestPolicies.Files());
        // Nothing is looked at of its own accord while a test runs.
        await _pdp.StartServerAsync(Options());
    }

    [TearDown]
    public async Task Stop()
    {
        await _pdp.DisposeAsync();
        _folder.Dispose();
    }

    [OneTimeTearDown]
    public void StopClient() => _client.Dispose();

    private PdpOptions Options() => _pdp.Options() with
    {
        Git = $"file://{_pdp.Git.Path}",
        Fetch = TimeSpan.FromHours(1),
        Poll = TimeSpan.FromHours(1),
        Webhook = new IPEndPoint(IPAddress.Loopback, 0),
        WebhookSecret = _folder["secret"],
    };

    private string Address => _pdp.Server.Services.GetRequiredService<WebhookListener>().Address;

    [TestCase(WebhookSecret.SignatureHeader)]
    [TestCase(WebhookSecret.TokenHeader)]
    public async Task A_push_that_the_host_tells_of_is_fetched_and_served_at_once(string header)
    {
        string commit = _pdp.Git.Commit("Shorter", TestPolicies.Baseline("7d"));

        Assert.That(await Post(header, header == WebhookSecret.TokenHeader ? Secret : Signature(Secret)), Is.EqualTo(HttpStatusCode.Accepted));

        PolicyService.PolicyServiceClient client = _pdp.PoliciesAs("operator");
        await RunningPdp.Eventually(async () => await client.GetStatusAsync(new GetStatusRequest()), status => status.Active.CommitId == commit);
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).EqualTo($"Information: Git hosts may tell of pushes at {Address}"));
    }

    [TestCase(null, "")]
    [TestCase("X-Hub-Signature", "sha1=00")]
    [TestCase(WebhookSecret.SignatureHeader, "")]
    [TestCase(WebhookSecret.SignatureHeader, "sha256=")]
    [TestCase(WebhookSecret.SignatureHeader, "sha256=zz")]
    [TestCase(WebhookSecret.SignatureHeader, "sha256=0000000000000000000000000000000000000000000000000000000000000000")]
    [TestCase(WebhookSecret.SignatureHeader, Secret)]
    [TestCase(WebhookSecret.TokenHeader, "")]
    [TestCase(WebhookSecret.TokenHeader, "a secret of the flee")]
    [TestCase(WebhookSecret.TokenHeader, "a secret of the fleet2")]
    public async Task Who_does_not_know_the_secret_wakes_nobody_and_is_told_to_the_log(string? header, string value)
    {
        Task told = News.Told;

        Assert.That(await Post(header, value), Is.EqualTo(HttpStatusCode.Unauthorized));

        Assert.That(told.IsCompleted, Is.False);
        Assert.That(_pdp.Log.Lines, Has.Exactly(1).StartsWith("Warning: refused a connection from 127.0.0.1: a webhook "));
        Assert.That(string.Join('\n', _pdp.Log.Lines), Does.Not.Contain(Secret));
    }

    [Test]
    public async Task A_signature_of_another_body_or_with_another_secret_counts_for_nothing()
    {
        Assert.That(await Post(WebhookSecret.SignatureHeader, Signature(Secret), Body + " "), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await Post(WebhookSecret.SignatureHeader, Signature("another")), Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task A_secret_that_is_exchanged_counts_from_then_on_and_one_that_is_gone_lets_nobody_in()
    {
        _folder.Write("secret", "the next secret of the fleet");
        Assert.That(await Post(WebhookSecret.SignatureHeader, Signature(Secret)), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await Post(WebhookSecret.SignatureHeader, Signature("the next secret of the fleet")), Is.EqualTo(HttpStatusCode.Accepted));

        File.Delete(_folder["secret"]);
        Assert.That(await Post(WebhookSecret.TokenHeader, "x"), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    [Test]
    public async Task Nothing_else_is_served_there()
    {
        using var get = await _client.GetAsync(Address);
        Assert.That(get.StatusCode, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        using var elsewhere = await _client.PostAsync(Address.Replace("/webhook", "/policym2m.v1.PolicyService/GetStatus", StringComparison.Ordinal), null);
        Assert.That(elsewhere.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task A_body_that_is_too_large_is_not_read()
    {
        var body = new byte[(25 << 20) + 1];
        using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new ByteArrayContent(body) };
        request.Headers.Add(WebhookSecret.TokenHeader, Secret);
        request.Headers.ExpectContinue = true;

        using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.CurrentContext.CancellationToken);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
    }

    [Test]
    public async Task Connections_that_say_nothing_or_nothing_more_keep_the_host_out_for_seconds_only()
    {
        var address = new Uri(Address);
        TcpClient[] idle = [.. Enumerable.Range(0, 32).Select(_ => new TcpClient(address.Host, address.Port))];
        foreach (TcpClient answered in idle.Take(16))
        {
            await answered.GetStream().WriteAsync("GET /webhook HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            Assert.That(await answered.GetStream().ReadAsync(new byte[1]), Is.EqualTo(1));
        }
        Assert.That(await Task.WhenAll(idle.Select(EndsAsync)), Is.All.True);
        Assert.That(await Post(WebhookSecret.TokenHeader, Secret), Is.EqualTo(HttpStatusCode.Accepted));
        Array.ForEach(idle, connection => connection.Dispose());
    }

    [Test]
    public async Task A_body_without_end_is_not_read_without_end()
    {
        var address = new Uri(Address);
        using var endless = new TcpClient(address.Host, address.Port);
        NetworkStream stream = endless.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /webhook HTTP/1.1\r\nHost: x\r\n{WebhookSecret.TokenHeader}: x\r\nContent-Length: 20000000\r\n\r\n"));
        byte[] answer = new byte[12];
        Task<int> answering = stream.ReadAtLeastAsync(answer, answer.Length).AsTask();
        // Faster than what the web server ends for being slow.
        while (!answering.IsCompleted)
        {
            await stream.WriteAsync(new byte[1_000]);
            await Task.WhenAny(answering, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, TestContext.CurrentContext.CancellationToken));
            TestContext.CurrentContext.CancellationToken.ThrowIfCancellationRequested();
        }
        Assert.That(Encoding.ASCII.GetString(answer, 0, await answering), Is.EqualTo("HTTP/1.1 408"));
        Assert.That(await EndsAsync(endless));
    }

    /// <summary>Whether the server ends a connection, one way or another.</summary>
    private static async Task<bool> EndsAsync(TcpClient connection)
    {
        try
        {
            await connection.GetStream().CopyToAsync(Stream.Null, TestContext.CurrentContext.CancellationToken);
            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }

    [Test]
    public async Task Who_calls_without_end_is_not_answered_without_end()
    {
        var statuses = new List<HttpStatusCode>();
        for (int i = 0; i < WebhookListener.PerMinute + 5; i++)
            statuses.Add(await Post(null, ""));
        Assert.That(statuses, Has.All.EqualTo(HttpStatusCode.Unauthorized));
        statuses.Clear();
        for (int i = 0; i < WebhookListener.PerMinute + 5; i++)
            statuses.Add(await Post(WebhookSecret.TokenHeader, Secret));

        Assert.That(statuses, Has.Some.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(statuses[0], Is.EqualTo(HttpStatusCode.Accepted), "who does not know the secret takes nothing from who does");
    }

    [Test]
    public void A_budget_is_there_again_after_a_minute()
    {
        var clock = new ManualTime();
        var budget = new RequestBudget(2, clock);
        Assert.That(new[] { budget.TryTake(), budget.TryTake(), budget.TryTake() }, Is.EqualTo(new[] { true, true, false }));
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.That(budget.TryTake(), Is.False);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(new[] { budget.TryTake(), budget.TryTake(), budget.TryTake() }, Is.EqualTo(new[] { true, true, false }));
    }

    [Test]
    public async Task News_told_many_times_are_one_look_and_none_are_lost()
    {
        var news = new RevisionNews();
        CancellationToken token = TestContext.CurrentContext.CancellationToken;
        Assert.That(await news.WaitAsync(TimeSpan.Zero, TimeProvider.System, token), Is.False);
        news.Tell();
        news.Tell();
        Assert.That(await news.WaitAsync(TimeSpan.FromHours(1), TimeProvider.System, token), Is.True);
        Assert.That(await news.WaitAsync(TimeSpan.Zero, TimeProvider.System, token), Is.False);
    }

    [Test]
    public async Task Options_that_would_let_anybody_in_are_refused()
    {
        await _pdp.StopServerAsync();
        foreach ((PdpOptions options, string why) in new[]
        {
            (Options() with { WebhookSecret = null }, "--webhook and --webhook-secret: each needs the other"),
            (Options() with { Webhook = null }, "--webhook and --webhook-secret: each needs the other"),
            (Options() with { WebhookSecret = _folder["nowhere"] }, $"--webhook-secret: `{_folder["nowhere"]}` cannot be read"),
            (Options() with { WebhookSecret = _folder.Write("short", "123456789012345\n") }, $"--webhook-secret: `{_folder["short"]}` was expected to hold 16 to 1024 bytes"),
        })
            Assert.That((await Assert.ThrowsAsync<StartupException>(() => _pdp.StartServerAsync(options)))!.Message, Does.StartWith(why));
    }

    private RevisionNews News => _pdp.Server.Services.GetRequiredService<RevisionNews>();

    private static string Signature(string secret) => $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(Body)))}";

    private async Task<HttpStatusCode> Post(string? header, string value, string body = Body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Address) { Content = new StringContent(body) };
        if (header is not null)
            request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage response = await _client.SendAsync(request, TestContext.CurrentContext.CancellationToken);
        return response.StatusCode;
    }
}
