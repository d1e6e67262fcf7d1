using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;

namespace PolicyM2M.Agent.Tests.Local;

internal sealed class PeerAdmissionTests
{
    [Test]
    public void A_user_whom_no_rule_names_is_told_of_once_and_not_more_users_than_a_log_can_bear()
    {
        List<string> told = [];
        var admission = new PeerAdmission(new CallerRules([new CallerRule(1, null, IsSelf: true, IsAll: false, [])], "gw-1", owner: 2), ConnectionLimits.Usual, told.Add);
        using var silence = new Silence(TimeSpan.FromDays(1), () => { });
        foreach (uint user in new uint[] { 7, 7, 8, 7 })
            Assert.That(admission.Enter(new Peer(1, user, []), silence)!.Code, Is.EqualTo(RefusalCode.NotNamed));
        Assert.That(told, Is.EqualTo(new[] { 7, 8 }.Select(user => $"user {user} may not ask this agent; its configuration says who may (callers)")));
        for (uint user = 1_000; user < 2_000; user++)
            admission.Enter(new Peer(1, user, []), silence);
        Assert.That((told.Count, admission.Use.Refused), Is.EqualTo((256, 1_004)));
    }
}
