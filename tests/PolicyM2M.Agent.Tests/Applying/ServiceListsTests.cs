using System.Collections.Immutable;
using PolicyM2M.Agent.Applying;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Emitters;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>A service whose revocation list is that of a real authority, or none.</summary>
internal sealed class ServiceListsTests
{
    private const int Soft = 1, Hard = 2;

    private TemporaryFolder _folder = null!;
    private TestAuthority _authority = null!;
    private Sightings _seen = null!;
    private ServiceFollower _follower = null!;
    private ServiceLists _lists = null!;
    private ManagedService _service = null!;
    private TimeSpan _later;

    [SetUp]
    public void Begin()
    {
        (_folder, _authority, _later) = (new TemporaryFolder(), TestAuthority.Root("Plant"), TimeSpan.Zero);
        _authority.WriteCrl(_folder["crl.pem"]);
        _seen = new Sightings(new AgentStatus { Pdp = [new Uri("https://pdp.example")], StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, TextWriter.Null);
        Serve([]);
    }

    [TearDown]
    public void End()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [TestCase("missing", "crl.pem: it is not there")]
    [TestCase("garbage", "crl.pem: it holds no revocation list")]
    [TestCase("pipe", "crl.pem: it is no ordinary file")]
    public async Task Without_a_list_that_can_be_used_nobody_gets_in_where_revocation_is_hard(string broken, string why)
    {
        await FollowAsync(Hard);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.InForce, "changed")), Detail);
        Break(broken);
        await FollowAsync(Hard);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.Refused, "changed,refused")), Detail);
        Assert.That(Detail, Does.StartWith("its revocation lists cannot be used: ").And.Contain(why));
        Assert.That(Directory.GetFiles(_folder["service"]).Select(File.ReadAllText), Is.Not.Empty.And.All.Contains("denied"));
        File.Delete(_folder["crl.pem"]);
        _authority.WriteCrl(_folder["crl.pem"]);
        await FollowAsync(Hard);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.InForce, "changed,refused,changed")), "it is whole again");
    }

    [TestCase("missing")]
    [TestCase("garbage")]
    [TestCase("pipe")]
    public async Task Where_revocation_is_soft_the_service_stays_by_what_it_has_read_and_the_fault_is_told(string broken)
    {
        await FollowAsync(Soft);
        Break(broken);
        await FollowAsync(Soft);
        await FollowAsync(Soft);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.Failing, "changed")), Detail);
        Assert.That(Detail, Does.StartWith("its revocation lists cannot be used: ").And.EndWith("; it stays by those that it has read"));
        File.Delete(_folder["crl.pem"]);
        _authority.WriteCrl(_folder["crl.pem"]);
        await FollowAsync(Soft);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.InForce, "changed,changed")), "another list");
    }

    [Test]
    public async Task The_age_of_the_list_is_held_by_the_agent_where_nobody_else_is_said_to_hold_it()
    {
        await FollowAsync(Hard, within: 3_600);
        Assert.That(Stage, Is.EqualTo(ServiceStage.InForce), Detail);
        _later = TimeSpan.FromHours(2);
        await FollowAsync(Hard, within: 3_600);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.Refused, "changed,refused")), Detail);
        Assert.That(Detail, Does.StartWith("its revocation list is of ").And.EndWith(", older than the decision allows"));
        await FollowAsync(Hard, within: 10_800);
        Assert.That(Stage, Is.EqualTo(ServiceStage.InForce), Detail);
        Serve(["revocation-within"]);
        await FollowAsync(Hard, within: 3_600);
        Assert.That(Stage, Is.EqualTo(ServiceStage.InForce), Detail);
    }

    [Test]
    public async Task A_list_that_has_ended_lets_nobody_in()
    {
        await FollowAsync(Hard);
        _later = TimeSpan.FromDays(3);
        await FollowAsync(Hard);
        Assert.That((Stage, Detail[..25]), Is.EqualTo((ServiceStage.Refused, "its revocation list ended")));
    }

    [Test]
    public async Task The_list_of_a_key_of_before_does_not_count_once_it_has_ended()
    {
        const int FiveDays = 5 * 86_400;
        using TestAuthority renewed = _authority.WithNewKey();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        _authority.WriteCrl(_folder["old.pem"], "-crl_lastupdate", $"{now.AddDays(-10):yyyyMMddHHmmss}Z", "-crl_nextupdate", $"{now.AddDays(1):yyyyMMddHHmmss}Z");
        renewed.WriteCrl(_folder["new.pem"], "-crldays", "20");
        _folder.Write("crl.pem", File.ReadAllText(_folder["old.pem"]) + File.ReadAllText(_folder["new.pem"]));
        await FollowAsync(Hard, within: FiveDays);
        Assert.That((Stage, Detail), Is.EqualTo((ServiceStage.Refused, $"its revocation list is of {now.AddDays(-10):u}, older than the decision allows")), "who has a certificate by that key is still let in");
        _later = TimeSpan.FromDays(2);
        await FollowAsync(Hard, within: FiveDays);
        Assert.That(Stage, Is.EqualTo(ServiceStage.InForce), Detail);
        _later = TimeSpan.FromDays(21);
        await FollowAsync(Hard);
        Assert.That((Stage, Detail[..25]), Is.EqualTo((ServiceStage.Refused, "its revocation list ended")));
    }

    private ServiceStage Stage => _seen.Current.Services["web"].Stage;

    private string Detail => _seen.Current.Services["web"].Detail;

    private string Done => string.Join(',', File.ReadAllLines(_folder["done"]));

    private void Serve(ImmutableArray<string> elsewhere)
    {
        var options = new EmitterOptions { Certificate = "/c.pem", Key = "/k.pem", Authorities = "/a.pem", RevocationLists = _folder["crl.pem"], HeldElsewhere = elsewhere };
        _service = new ManagedService("web", StackKind.Nginx, options, _folder["service"], Shell("changed"), Shell("refused"));
        _follower = new ServiceFollower(_service, new PendingMark(_folder["state"], "web"), new ServiceInputs(_folder["state"], _service), _seen);
        _lists = new ServiceLists(_service, () => TimeProvider.System.GetUtcNow() + _later);
    }

    private void Break(string how)
    {
        File.Delete(_folder["crl.pem"]);
        if (how == "garbage")
            _folder.Write("crl.pem", "garbage");
        else if (how == "pipe")
            FinishedProcess.Run("mkfifo", [_folder["crl.pem"]]).Succeeded();
    }

    private Task FollowAsync(int rank, int? within = null)
    {
        Outcome channel = Outcome.Allow(DecisionKind.CipherSuites, [(Field.Versions, Names("TLS1.3")), (Field.Suites, Names("TLS_AES_128_GCM_SHA256"))]);
        List<(Field, FieldValue)> auth = [(Field.Mutual, new FieldValue.Level(1, "required")), (Field.Methods, Names("x509")), (Field.Revocation, new FieldValue.Level(rank, rank == Hard ? "hard" : "soft"))];
        if (within is { } seconds)
            auth.Add((Field.RevocationWithin, new FieldValue.Duration(seconds)));
        return _follower.FollowAsync(ServiceEmission.Of(_service, [Of(channel), Of(Outcome.Allow(DecisionKind.Auth, [.. auth]))], _lists), default);
    }

    private ServiceCommand Shell(string what) => new("/bin/sh", ["-c", $"echo {what} >> {_folder["done"]}"]);

    private static DeviceDecision Of(Outcome outcome) => new(outcome, DecisionSource.Live, null, null, null);

    private static FieldValue.Names Names(params string[] names) => new([.. names]);
}
