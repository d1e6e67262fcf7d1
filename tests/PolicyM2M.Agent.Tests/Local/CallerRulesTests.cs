using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;

namespace PolicyM2M.Agent.Tests.Local;

internal sealed class CallerRulesTests
{
    private static readonly CallerRules Rules = new(
        [
            new CallerRule(100, null, IsSelf: true, IsAll: false, []),
            new CallerRule(200, null, IsSelf: false, IsAll: false, ["plc-1", "plc-2"]),
            new CallerRule(null, 30, IsSelf: false, IsAll: true, []),
            new CallerRule(400, 40, IsSelf: false, IsAll: false, ["plc-4"]),
        ], "gw-1", owner: 900);

    [TestCase(100u, 1u, "gw-1", true)]
    [TestCase(100u, 1u, "plc-1", false)]
    [TestCase(200u, 1u, "plc-1", true)]
    [TestCase(200u, 1u, "plc-2", true)]
    [TestCase(200u, 1u, "plc-3", false)]
    [TestCase(200u, 1u, "gw-1", false)]
    [TestCase(1u, 30u, "plc-9", true)]
    [TestCase(1u, 30u, "gw-1", true)]
    // Both the user and the group.
    [TestCase(400u, 1u, "plc-4", false)]
    [TestCase(1u, 40u, "plc-4", false)]
    [TestCase(400u, 40u, "plc-4", true)]
    // Neither root nor the agent's own user asks without a rule.
    [TestCase(0u, 0u, "gw-1", false)]
    [TestCase(900u, 900u, "gw-1", false)]
    public void Only_what_a_rule_allows_may_be_asked(uint user, uint group, string device, bool isAllowed) =>
        Assert.That(Rules.MayAskAbout(new Peer(1, user, [5, group]), device), Is.EqualTo(isAllowed));

    [TestCase(0u, true)]
    [TestCase(900u, true)]
    [TestCase(100u, true)]
    [TestCase(400u, false)]
    [TestCase(1u, false)]
    public void The_status_is_for_root_the_agent_and_whoever_may_ask(uint user, bool isAllowed) =>
        Assert.That(Rules.MaySeeStatus(new Peer(1, user, [5])), Is.EqualTo(isAllowed));

    [Test]
    public void Nobody_without_a_rule_connects_and_no_user_shuts_the_socket_for_the_others()
    {
        var told = new List<string>();
        var admission = new PeerAdmission(Rules, new ConnectionLimits(8, 2, TimeSpan.FromHours(1)), told.Add);
        Peer one = new(1, 100, []), other = new(2, 200, []);
        Silence first = Asking();
        Assert.That(admission.Enter(new Peer(3, 1, []), Asking())?.Code, Is.EqualTo(RefusalCode.NotNamed), "without a rule");
        Assert.That((admission.Enter(one, first), admission.Enter(one, Asking()), admission.Enter(one, Asking())?.Code), Is.EqualTo(((Refusal?)null, (Refusal?)null, RefusalCode.TooMany)));
        Assert.That(admission.Enter(other, Asking()), Is.Null, "another user");
        Assert.That(admission.Enter(one, Asking())?.Reason, Is.EqualTo("too many connections: user 100 holds 2 of them, and 5 are left for all users"));
        Assert.That(told, Is.EqualTo(new[] { "user 1 may not ask this agent; its configuration says who may (callers)", "too many connections: user 100 holds 2 of them, and 6 are left for all users" }),
            "once for each user, however many are refused");
        admission.Leave(one, first);
        Assert.That(admission.Enter(one, Asking()), Is.Null, "after one has ended");
        Assert.That(admission.Enter(one, Asking())?.Code, Is.EqualTo(RefusalCode.TooMany));
        Assert.That((told.Count, admission.Use), Is.EqualTo((3, new SocketUse(Open: 3, Refused: 4, Silent: 0))), "told again after half of them had ended");
    }

    [Test]
    public void A_connection_that_has_asked_nothing_makes_way_for_another_of_its_user_and_for_nobody_else_s()
    {
        List<string> ended = [];
        var admission = new PeerAdmission(Rules, new ConnectionLimits(8, 2, TimeSpan.FromHours(1)), _ => { });
        Peer one = new(1, 100, []), other = new(2, 200, []);
        Silence[] silent = [.. new[] { "first", "second", "third" }.Select(name => new Silence(TimeSpan.FromHours(1), () => ended.Add(name)))];
        foreach (Silence mine in silent)
            Assert.That(admission.Enter(one, mine), Is.Null);
        Assert.That((ended, admission.Use.Open), Is.EqualTo((new List<string> { "first" }, 2)));
        // It ends after that, and its place was given away.
        admission.Leave(one, silent[0]);
        Assert.That(admission.Use.Open, Is.EqualTo(2));
        foreach (Silence mine in silent[1..])
            mine.Break();
        Assert.That((admission.Enter(one, Asking())?.Code, ended.Count), Is.EqualTo((RefusalCode.TooMany, 1)), "who has asked stays");
        Assert.That(admission.Enter(other, new Silence(TimeSpan.FromHours(1), () => ended.Add("other's"))), Is.Null);
        Assert.That((admission.Enter(one, Asking())?.Code, ended.Count), Is.EqualTo((RefusalCode.TooMany, 1)), "nobody else's");
    }

    [Test]
    [CancelAfter(60_000)]
    public void What_ends_a_connection_that_makes_way_waits_for_nobody_who_waits_for_the_others(CancellationToken ending)
    {
        List<SocketUse> seen = [];
        var admission = new PeerAdmission(Rules, new ConnectionLimits(8, 1, TimeSpan.FromHours(1)), _ => { });
        Peer one = new(1, 100, []);
        Assert.That(admission.Enter(one, new Silence(TimeSpan.FromHours(1), () =>
        {
            Task<SocketUse> look = Task.Run(() => admission.Use, ending);
            look.Wait(ending);
            seen.Add(look.Result);
        })), Is.Null);
        Assert.That((admission.Enter(one, Asking()), seen.Single().Open), Is.EqualTo(((Refusal?)null, 1)));
    }

    [Test]
    public void Users_that_take_what_they_can_leave_room_for_another()
    {
        CallerRules rules = new([new CallerRule(null, 5, IsSelf: true, IsAll: false, [])], "gw-1", owner: 900);
        var admission = new PeerAdmission(rules, new ConnectionLimits(256, 64, TimeSpan.FromHours(1)), _ => { });
        int[] held = [.. Enumerable.Range(1, 6).Select(user =>
        {
            int taken = 0;
            while (admission.Enter(new Peer(1, (uint)user, [5]), Asking()) is null)
                taken++;
            return taken;
        })];
        Assert.That(held, Is.EqualTo(new[] { 64, 64, 64, 32, 16, 8 }));
    }

    /// <summary>A connection on which something was asked.</summary>
    private static Silence Asking()
    {
        var silence = new Silence(TimeSpan.FromHours(1), () => { });
        silence.Break();
        return silence;
    }
}
