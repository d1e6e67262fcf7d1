using System.Text;
using System.Text.Json;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;
using PolicyM2M.Wire;

namespace PolicyM2M.Agent.Tests.Status;

/// <summary>What the status says, as JSON and as text.</summary>
internal sealed class StatusPageTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly AgentStatus Status = new() { Device = "spiffe://test.example/gateway/gw-1", Pdp = [new Uri("https://pdp.example")], StartedAt = Now };

    private static readonly ClientStatus Client = new(false, null, null, [], 0, 0, null, null, 0);

    [Test]
    public void The_revision_is_that_which_was_told_or_else_that_of_what_is_held()
    {
        RevisionId told = new("told", "1"), decided = new("decided", "2"), bundled = new("bundled", "3");
        AgentStatus holding = Status with { Decisions = [Decision(null), Decision(decided)] };
        ClientStatus bundle = Client with { Bundle = new BundleStatus(bundled, Now) };
        Assert.That(new[]
        {
            Line(holding with { Revision = told }, bundle), Line(holding, bundle), Line(Status, Client with { Revision = decided }), Line(Status, bundle), Line(Status, Client),
        }, Is.EqualTo(new[]
        {
            "revision told,", "revision decided (held; no decision point has told one since the start),", "revision decided (held; no decision point has told one since the start),",
            "revision bundled (held; no decision point has told one since the start),", "revision unknown,",
        }));

        static string Line(AgentStatus status, ClientStatus client) => Text(status, client).Split('\n').Single(line => line.StartsWith("revision", StringComparison.Ordinal)).Split(" certificate")[0];
    }

    [Test]
    public void Claims_have_their_ages_and_what_is_wrong_with_them()
    {
        ClaimSighting[] claims =
        [
            new("device.type", "configuration", null, true, null),
            new("firmware.version", "/etc/facts.json", Now.AddSeconds(-12), true, null),
            new("os.tpye", "/etc/facts.json", Now.AddSeconds(3), false, "no policy tests it"),
        ];
        Assert.That(Text(Status, Client, claims), Does.Contain("""
              claim device.type of configuration
              claim firmware.version of /etc/facts.json, 12 s old
              claim os.tpye of /etc/facts.json, 0 s old: no policy tests it
            """.ReplaceLineEndings("\n")).And.Contain("\n3 connections to the socket; since the start refused: 2, ended because nothing was asked: 1\n"));
        JsonElement json = Json(Status, Client, claims).GetProperty("claims")[1];
        Assert.That((json.GetProperty("ageSeconds").GetInt64(), json.GetProperty("readAt").GetDateTimeOffset(), json.GetProperty("isTested").GetBoolean()), Is.EqualTo((12L, Now.AddSeconds(-12), true)));
    }

    [Test]
    public void Times_are_to_the_second_as_in_the_log_and_one_is_not_many()
    {
        AgentStatus status = Status with { CertificateUntil = Now.AddHours(1).AddTicks(7), Events = [new Happening(Now.AddTicks(1_234_567), "connected", "revision abc")] };
        string text = StatusText.Of(Json(status, Client with { Cached = 1, Bundle = new BundleStatus(new RevisionId("c", "b"), Now.AddDays(1)) }, [], new SocketUse(1, 0, 0)));
        Assert.That(text, Does.Contain("certificate until 2026-11-01 13:00:00Z\n").And.Contain("\nkeeps 1 decision, and a bundle that is valid until 2026-11-02 12:00:00Z\n")
            .And.Contain("\n1 connection to the socket; ").And.EndWith("\n2026-11-01 12:00:00Z connected: revision abc\n"));
    }

    [TestCase(3_600, false, "certificate until 2026-11-01 13:00:00Z\n")]
    [TestCase(3_600, true, "certificate until 2026-11-01 13:00:00Z, which is near: renew it\n")]
    [TestCase(-3_600, true, "certificate until 2026-11-01 11:00:00Z, which is over: renew it\n")]
    public void The_end_of_the_certificate_is_told_ahead(int seconds, bool isNear, string expected) =>
        Assert.That(Text(Status with { CertificateUntil = Now.AddSeconds(seconds), IsCertificateEnding = isNear }, Client), Does.Contain(expected));

    [TestCase(true, DecisionSource.Cached, "  auth: allow, fresh until 2026-11-01 12:05:00Z\n")]
    [TestCase(false, DecisionSource.Cached, "  auth: allow, cached, fresh until 2026-11-01 12:05:00Z\n")]
    [TestCase(false, DecisionSource.Stale, "  auth: allow, stale, usable until 2026-11-01 13:00:00Z\n")]
    [TestCase(true, DecisionSource.Live, "  auth: allow, live\n")]
    public void That_a_decision_is_kept_is_said_where_nobody_can_be_asked(bool isConnected, DecisionSource source, string expected)
    {
        var decision = new DeviceDecision(Outcome.Allow(DecisionKind.Auth, []), source, null, Now.AddMinutes(5), Now.AddHours(1));
        Assert.That(Text(Status with { Decisions = [decision] }, Client with { IsConnected = isConnected }), Does.Contain(expected));
    }

    [Test]
    public void Of_several_decision_points_it_is_said_which_is_in_use_and_how_each_stands()
    {
        ClientStatus client = Client with { Endpoints = [new EndpointStatus(new Uri("https://a.example"), false, false), new EndpointStatus(new Uri("https://b.example"), true, true), new EndpointStatus(new Uri("https://c.example"), false, null)] };
        Assert.That(Text(Status, client), Does.Contain("\nasks https://a.example/ (away), https://b.example/ (in use, answers), https://c.example/ (untried)\n"));
    }

    [TestCase(true, "\nasks https://a.example/, which refuses this gateway: revoked\n")]
    [TestCase(false, "\nasks https://a.example/, which cannot be reached: revoked\n")]
    public void A_refusal_is_no_silence(bool isUnwelcome, string expected) =>
        Assert.That(Text(Status with { Outage = "revoked", IsUnwelcome = isUnwelcome }, Client with { IsConnected = isUnwelcome, Endpoints = [new EndpointStatus(new Uri("https://a.example"), true, true)] }), Does.Contain(expected));

    [Test]
    public void A_renewal_that_fails_and_a_credential_that_may_not_be_used_have_a_line_each()
    {
        string text = Text(Status with { RenewalFault = "EST: 503; tried again at 2026-11-01 12:05:00Z", WhyUnusable = "the policies allowed it until 2026-11-01 11:00:00Z" }, Client);
        Assert.That(text, Does.Contain("\nthe credential may not be used: the policies allowed it until 2026-11-01 11:00:00Z\nits renewal failed: EST: 503; tried again at 2026-11-01 12:05:00Z\n"));
        Assert.That(Text(Status, Client), Does.Not.Contain("renewal failed").And.Not.Contain("may not be used"));
    }

    [Test]
    public void A_call_that_failed_is_no_silence_while_the_watch_stands() =>
        Assert.That(Text(Status with { Outage = "500 calls a second are exceeded" }, Client with { IsConnected = true }), Does.Not.Contain("exceeded"));

    private static string Text(AgentStatus status, ClientStatus client, params ClaimSighting[] claims) => StatusText.Of(Json(status, client, claims));

    private static JsonElement Json(AgentStatus status, ClientStatus client, ClaimSighting[] claims, SocketUse? use = null) =>
        JsonDocument.Parse(Encoding.UTF8.GetString(StatusJson.Write(status, client, use ?? new SocketUse(3, 2, 1), [.. claims], Now))).RootElement;

    private static DeviceDecision Decision(RevisionId? revision)
    {
        Outcome outcome = Outcome.Deny(DecisionKind.Auth, "no");
        return new DeviceDecision(outcome, DecisionSource.Cached, revision is { } known ? new ReceivedDecision(outcome, [], known, Now, Now, Now) : null, Now, Now);
    }

    [Test]
    public void Where_no_agent_runs_that_is_said()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => StatusCommand.RunAsync(folder["agent.sock"], isJson: false, TextWriter.Null, default),
            Throws.TypeOf<CannotRunException>().With.Message.EqualTo($"no agent runs: there is no `{folder["agent.sock"]}` (systemctl status policym2m-agent)"));
    }
}
