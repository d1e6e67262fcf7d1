using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What the gate before everything lets through, turns away, counts, and lets go again, however a call ends.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AdmissionGateTests
{
    private const string Call = "/policym2m.v1.DecisionService/Decide", Stream = "/policym2m.v1.DecisionService/Watch";

    private RunningPdp _pdp = null!;
    private CallerLoads _loads = null!;
    private CallerConnection _connection = null!;
    private string _caller = "";
    private Func<HttpContext, CallerConnection, Task?> _atOnce = null!;

    [OneTimeSetUp]
    public async Task Start() => _pdp = await RunningPdp.StartAsync();

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    /// <summary>Each test has a caller of its own, who may have one call and one stream.</summary>
    [SetUp]
    public void Begin()
    {
        var clock = new ManualTime();
        _loads = new CallerLoads(new CallLimits { Calls = 16, Streams = 1 }, clock);
        _caller = $"dns:{TestContext.CurrentContext.Test.ID} of test";
        var caller = new Caller(new CallerId.Dns(TestContext.CurrentContext.Test.ID, "test"), Roles.Device, "x");
        _connection = new CallerConnection(null!, null!, clock, caller, _loads.Enter(_caller)!);
        _atOnce = (_, _) => null;
    }

    private static IEnumerable<TestCaseData> Ends()
    {
        foreach (string path in new[] { Call, Stream })
        {
            yield return Of(path, "an answer", answer => answer.SetResult());
            yield return Of(path, "a fault", answer => answer.SetException(new InvalidOperationException("it failed")));
            yield return Of(path, "an abort", answer => answer.SetCanceled());
        }

        static TestCaseData Of(string path, string name, Action<TaskCompletionSource> end) => new TestCaseData(path, end).SetArgDisplayNames(path, name);
    }

    [TestCaseSource(nameof(Ends))]
    public async Task What_lasts_holds_its_place_until_it_ends_however_it_does(string path, Action<TaskCompletionSource> end)
    {
        var answer = new TaskCompletionSource();
        Task first = Gate().Admit(Http(path), _ => answer.Task);
        HttpContext second = Http(path);
        Assert.That(IsAdmitted(path, second), Is.False);
        Assert.That(IsAdmitted(path == Call ? Stream : Call), "the other kind is counted apart");

        end(answer);
        await first.ContinueWith(_ => { }, TestContext.CurrentContext.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.That(first.Status, Is.EqualTo(answer.Task.Status), "the web server is told how it ended");
        Assert.That((IsAdmitted(path), IsAdmitted(path)), Is.EqualTo((true, true)), "one place is free again, and stays so");
        AssertNothingIsHeld();
    }

    [TestCase(Call)]
    [TestCase(Stream)]
    public void What_fails_before_it_waits_for_anything_lets_go_too(string path)
    {
        Assert.That(async () => await Gate().Admit(Http(path), _ => throw new InvalidOperationException("it failed")), Throws.TypeOf<InvalidOperationException>());
        AssertNothingIsHeld();
    }

    [Test]
    public void What_fails_while_it_is_answered_at_once_lets_go_too()
    {
        _atOnce = (_, _) => throw new InvalidOperationException("it failed");
        Assert.That(() => Gate().Admit(Http(Call), _ => Task.CompletedTask), Throws.TypeOf<InvalidOperationException>());
        _atOnce = (_, _) => null;
        AssertNothingIsHeld();
    }

    [Test]
    public void What_is_answered_at_once_goes_no_further_and_a_stream_is_not_asked_for()
    {
        List<string> asked = [];
        _atOnce = (http, connection) =>
        {
            Assert.That(connection, Is.SameAs(_connection));
            asked.Add(http.Request.Path);
            return Task.CompletedTask;
        };
        Assert.That((IsAdmitted(Call), IsAdmitted(Stream)), Is.EqualTo((false, true)));
        Assert.That(asked, Is.EqualTo(new[] { Call }));
        _atOnce = (_, _) => null;
        AssertNothingIsHeld();
    }

    [Test]
    public async Task A_call_is_answered_once_all_of_it_is_there_and_a_stream_before()
    {
        var body = new Pipe();
        HttpContext call = Http(Call);
        call.Request.Body = body.Reader.AsStream();
        bool isAnswered = false;
        Task answer = Gate().Admit(call, _ =>
        {
            isAnswered = true;
            return Task.CompletedTask;
        });
        Assert.That((isAnswered, IsAdmitted(Call)), Is.EqualTo((false, false)), "it is counted from its first byte on");

        HttpContext stream = Http(Stream);
        stream.Request.Body = new Pipe().Reader.AsStream();
        Assert.That(IsAdmitted(Stream, stream));

        await body.Writer.CompleteAsync();
        await answer.WaitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(isAnswered);
        AssertNothingIsHeld();
    }

    [Test]
    public async Task A_call_that_does_not_arrive_in_its_time_is_ended_told_of_and_let_go()
    {
        HttpContext http = Http(Call);
        http.Request.Body = new Pipe().Reader.AsStream();
        await Gate(TimeSpan.FromMilliseconds(20)).Admit(http, _ => throw new InvalidOperationException("it must not be answered")).WaitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That(http.Response.StatusCode, Is.EqualTo(StatusCodes.Status408RequestTimeout));
        Assert.That(Told(), Is.EqualTo(new[] { $"Warning: turning calls of {_caller} away: a request did not arrive in its time" }));
        AssertNothingIsHeld();
    }

    [Test]
    public async Task A_call_whose_sender_goes_before_all_of_it_is_there_is_let_go_and_is_nobodys_overload()
    {
        var body = new Pipe();
        using var aborted = new CancellationTokenSource();
        HttpContext http = Http(Call);
        (http.Request.Body, http.RequestAborted) = (body.Reader.AsStream(), aborted.Token);
        Task answer = Gate().Admit(http, _ => throw new InvalidOperationException("it must not be answered"));
        Assert.That(IsAdmitted(Call), Is.False);
        int told = Told().Length;

        await aborted.CancelAsync();
        await body.Writer.CompleteAsync(new IOException("the sender has gone"));
        await answer.WaitAsync(TestContext.CurrentContext.CancellationToken);
        Assert.That((http.Response.StatusCode, Told().Length - told), Is.EqualTo((StatusCodes.Status200OK, 0)));
        AssertNothingIsHeld();
    }

    [TestCase("application/grpc", 200, "8", "1000", "")]
    [TestCase("application/json", 429, "", "", "1")]
    public void Who_is_turned_away_is_told_in_its_own_words_when_to_come_again_and_what_is_beyond_is_not_counted(string type, int status, string grpc, string pushback, string retryAfter)
    {
        var answer = new TaskCompletionSource();
        Task first = Gate().Admit(Http(Call), _ => answer.Task);
        for (int i = 0; i < 3; i++)
        {
            HttpContext http = Http(Call);
            http.Request.ContentType = type;
            Assert.That(IsAdmitted(Call, http), Is.False);
            Assert.That((http.Response.StatusCode, $"{http.Response.Headers["grpc-status"]}", $"{http.Response.Headers["grpc-retry-pushback-ms"]}", $"{http.Response.Headers.RetryAfter}"),
                Is.EqualTo((status, grpc, pushback, retryAfter)));
        }
        Assert.That(Told(), Is.EqualTo(new[] { $"Warning: turning calls of {_caller} away: 1 calls are being answered" }));
        answer.SetResult();
        Assert.That(first.IsCompletedSuccessfully);
        AssertNothingIsHeld();
    }

    private AdmissionGate Gate(TimeSpan? grace = null) =>
        new(_loads, _pdp.Server.Services.GetRequiredService<Overloads>(), new StreamPaths(_pdp.Server.Services.GetRequiredService<EndpointDataSource>()),
            grace ?? TimeSpan.FromMinutes(2), (http, connection) => _atOnce(http, connection));

    private DefaultHttpContext Http(string path)
    {
        var http = new DefaultHttpContext();
        http.Features.Set(_connection);
        http.Request.Path = path;
        return http;
    }

    /// <summary>Whether what comes now gets through to who answers.</summary>
    private bool IsAdmitted(string path, HttpContext? http = null)
    {
        bool isAdmitted = false;
        _ = Gate().Admit(http ?? Http(path), _ =>
        {
            isAdmitted = true;
            return Task.CompletedTask;
        });
        return isAdmitted;
    }

    private string[] Told() => [.. _pdp.Log.Lines.Where(line => line.Contains(_caller, StringComparison.Ordinal))];

    /// <summary>Neither of the caller nor of all: the others take all that may be at one time, and the caller its own.</summary>
    private void AssertNothingIsHeld()
    {
        CallerLoad[] others = [.. Enumerable.Range(0, 15).Select(number => _loads.Enter($"other-{number}")!)];
        Assert.That(others.Append(_connection.Load).Select(load => _loads.Begin(load, isStream: false)), Is.All.Null, "all places of calls are free");
        Assert.That(_loads.Begin(_connection.Load, isStream: true), Is.Null, "the place of a stream is free");
        // Nor was more let go than was taken.
        Assert.That(_loads.Begin(_connection.Load, isStream: false), Is.Not.Null);
        Assert.That(_loads.Begin(_connection.Load, isStream: true), Is.Not.Null);
        Assert.That(_loads.Begin(_loads.Enter("one more")!, isStream: false), Is.Not.Null);
    }
}
