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

/// <summary>A service that is a shell writing down what is done to it.</summary>
internal sealed class ServiceFollowerTests
{
    private TemporaryFolder _folder = null!;
    private Sightings _seen = null!;

    [SetUp]
    public void Begin()
    {
        _folder = new TemporaryFolder();
        _seen = new Sightings(new AgentStatus { Pdp = [new Uri("https://pdp.example")], StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, TextWriter.Null);
    }

    [TearDown]
    public void End() => _folder.Dispose();

    [Test]
    public async Task A_service_is_told_of_files_that_changed_and_of_no_others()
    {
        ServiceFollower follower = Follower("changed", "refused");
        await follower.FollowAsync(Allowed("one"), default);
        await follower.FollowAsync(Allowed("one"), default);
        await follower.FollowAsync(Allowed("two"), default);
        Assert.That((Done, File.ReadAllText(_folder["service/tls.conf"]), Stage), Is.EqualTo(("changed,changed", "two", ServiceStage.InForce)));
    }

    [Test]
    public async Task A_service_is_told_of_a_new_revocation_list_too_also_of_one_that_came_while_nobody_looked()
    {
        _folder.Write("crl.pem", "yesterday's");
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That(Done, Is.EqualTo("changed"));
        _folder.Write("crl.pem", "today's, and longer");
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That(Done, Is.EqualTo("changed,changed"));
        File.CreateSymbolicLink(_folder["end.pem"], _folder["first.pem"]);
        _folder.Write("first.pem", "a certificate");
        ServiceFollower follower = Follower("changed", "refused");
        await follower.FollowAsync(Allowed("one"), default);
        _folder.Write("first.pem", "the certificate after it");
        await follower.FollowAsync(Allowed("one"), default);
        await follower.FollowAsync(Allowed("one"), default);
        Assert.That(Done, Is.EqualTo("changed,changed,changed,changed"), "what a link leads to counts");
    }

    [Test]
    public async Task What_is_written_anew_and_holds_the_same_is_no_news()
    {
        foreach (string file in new[] { "crl.pem", "end.pem" })
            _folder.Write(file, "the same");
        ServiceFollower follower = Follower("changed", "refused");
        await follower.FollowAsync(Allowed("one"), default);
        foreach (string file in new[] { "crl.pem", "end.pem" })
        {
            _folder.Write(file, "the same");
            File.SetLastWriteTimeUtc(_folder[file], DateTime.UnixEpoch);
        }
        await follower.FollowAsync(Allowed("one"), default);
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That(Done, Is.EqualTo("changed"));
        // As many bytes, and others.
        _folder.Write("crl.pem", "the fame");
        await follower.FollowAsync(Allowed("one"), default);
        Assert.That(Done, Is.EqualTo("changed,changed"));
    }

    [Test]
    public async Task A_denial_ends_the_service_again_and_again_and_a_permission_starts_it_with_the_same_files()
    {
        ServiceFollower follower = Follower("changed", "refused");
        await follower.FollowAsync(Allowed("one"), default);
        await follower.FollowAsync(Denied("nobody gets in"), default);
        // An administrator or a reboot may have started it.
        await follower.FollowAsync(Denied("nobody gets in"), default);
        Assert.That((Done, Stage, File.ReadAllText(_folder["service/tls.conf"])), Is.EqualTo(("changed,refused,refused", ServiceStage.Refused, "nobody gets in")));
        await follower.FollowAsync(Allowed("one"), default);
        Assert.That((Done, Stage), Is.EqualTo(("changed,refused,refused,changed", ServiceStage.InForce)));
    }

    [Test]
    public async Task What_a_stack_cannot_do_leaves_none_of_the_looser_files_in_force([Values(StackKind.Mosquitto, StackKind.Envoy, StackKind.Nginx)] StackKind stack)
    {
        var service = new ManagedService("broker", stack, new EmitterOptions { Certificate = "/c", Key = "/k", Authorities = "/a" }, _folder["service"], Shell("changed"), Shell("refused"));
        var follower = new ServiceFollower(service, new PendingMark(_folder["state"], "broker"), new ServiceInputs(_folder["state"], service), _seen);
        Outcome channel = Outcome.Allow(DecisionKind.CipherSuites, [(Field.Versions, Names("TLS1.3")), (Field.Suites, Names("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"))]);
        Outcome auth = Outcome.Allow(DecisionKind.Auth, [(Field.Mutual, new FieldValue.Level(1, "required")), (Field.Methods, Names("x509")), (Field.Reauthenticate, new FieldValue.Duration(3_600))]);
        // Envoy ends no connection by its age, and has it of somebody else.
        EmitterOptions elsewhere = service.Options with { HeldElsewhere = ["reauthenticate"] };
        await follower.FollowAsync(ServiceEmission.Of(service with { Options = elsewhere }, [Of(channel), Of(auth)]), default);
        Assert.That((Stage, Directory.GetFiles(_folder["service"]).Length > 0), Is.EqualTo((ServiceStage.InForce, true)), Detail);

        Outcome hard = Outcome.Allow(DecisionKind.Auth, [.. auth.Values, (Field.Revocation, new FieldValue.Level(2, "hard"))]);
        await follower.FollowAsync(ServiceEmission.Of(service, [Of(channel), Of(hard)]), default);
        Assert.That((Stage, Done), Is.EqualTo((ServiceStage.Refused, "changed,refused")));
        Assert.That(Detail, Does.Contain("revocation: it is hard, and no file of revocation lists is given"));
        if (stack != StackKind.Envoy)
            Assert.That(Detail, Does.Not.Contain("reauthenticate: "), "what is lost besides is not why it is refused");
        string[] left = [.. Directory.GetFiles(_folder["service"]).Select(path => $"{Path.GetFileName(path)}\n{File.ReadAllText(path)}")];
        Assert.That(left, Has.Length.EqualTo(stack switch { StackKind.Mosquitto => 2, StackKind.Nginx => 1, _ => 0 }), string.Join('\n', left));
        Assert.That(left.Where(text => !text.Contains("denied", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public async Task A_service_that_does_not_take_its_files_is_ended_and_tried_again()
    {
        await Follower("exit 3", "refused").FollowAsync(Allowed("one"), default);
        Assert.That((Done, Stage, Detail), Is.EqualTo(("refused", ServiceStage.Failing, "it does not take its new files: /bin/sh ended with 3; so it was ended")));
        // A later start, whose files are the same, brings it there.
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That((Done, Stage), Is.EqualTo(("refused,changed", ServiceStage.InForce)));
    }

    [Test]
    public async Task An_agent_that_dies_between_the_files_and_the_service_tells_it_when_it_starts_again()
    {
        new PendingMark(_folder["state"], "broker").Set();
        _folder.Write("service/tls.conf", "one");
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That(Done, Is.EqualTo("changed"));
    }

    [Test]
    public async Task A_service_that_cannot_be_ended_is_tried_again()
    {
        await Follower("changed", "exit 1").FollowAsync(Denied("no"), default);
        Assert.That((Stage, Detail), Is.EqualTo((ServiceStage.Failing, "denied; and it could not be ended: /bin/sh ended with 1")));
        await Follower("changed", "refused").FollowAsync(Denied("no"), default);
        Assert.That((Done, Stage), Is.EqualTo(("refused", ServiceStage.Refused)));
    }

    [Test]
    public async Task A_service_whose_files_cannot_be_written_is_ended()
    {
        _folder.Write("service", "a file where a folder is expected");
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That((Done, Stage), Is.EqualTo(("refused", ServiceStage.Failing)));
    }

    [TestCase("link")]
    [TestCase("pipe")]
    public async Task What_lies_in_the_place_of_a_file_is_replaced_and_neither_written_through_nor_waited_for(string what)
    {
        _folder.Write("elsewhere", "one");
        Directory.CreateDirectory(_folder["service"]);
        if (what == "link")
            File.CreateSymbolicLink(_folder["service/tls.conf"], _folder["elsewhere"]);
        else
            FinishedProcess.Run("mkfifo", [_folder["service/tls.conf"]]).Succeeded();
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That((Done, File.ReadAllText(_folder["service/tls.conf"]), new FileInfo(_folder["service/tls.conf"]).LinkTarget), Is.EqualTo(("changed", "one", (string?)null)));
        await Follower("changed", "refused").FollowAsync(Allowed("two"), default);
        Assert.That(File.ReadAllText(_folder["elsewhere"]), Is.EqualTo("one"));
    }

    [Test]
    public async Task A_folder_that_is_somebody_else_s_link_is_not_written_through()
    {
        Directory.CreateDirectory(_folder["elsewhere"]);
        File.CreateSymbolicLink(_folder["service"], "elsewhere");
        await Follower("changed", "refused").FollowAsync(Allowed("one"), default);
        Assert.That((Done, File.Exists(_folder["elsewhere/tls.conf"])), Is.EqualTo(("changed", true)), "the agent's own");
        if (SystemAccounts.Own() != 0)
            Requirement.IsLacking("only root can give a link away");
        FinishedProcess.Run("chown", ["-h", "65534", _folder["service"]]).Succeeded();
        await Follower("changed", "refused").FollowAsync(Allowed("two"), default);
        Assert.That((Done, Stage, File.ReadAllText(_folder["elsewhere/tls.conf"])), Is.EqualTo(("changed,refused", ServiceStage.Failing, "one")));
        Assert.That(Detail, Does.Contain("is a link that user 65534 made"));
    }

    [Test]
    public async Task What_a_command_says_is_told_in_one_line_and_at_some_length()
    {
        string? failure = await ServiceControl.ActAsync(new ServiceCommand("/bin/sh", ["-c", "seq 1 100000 >&2; echo; echo the end >&2; exit 7"]), default);
        Assert.That(failure, Does.StartWith("/bin/sh ended with 7: ").And.EndWith("100000 the end").And.Length.LessThan(400).And.Not.Contain('\n'));
        Assert.That(await ServiceControl.ActAsync(new ServiceCommand(_folder["nothing"], []), default), Is.EqualTo($"{_folder["nothing"]} cannot be started: it is not there, or what its first line (#!) names is not"));
        Assert.That(await ServiceControl.ActAsync(new ServiceCommand(_folder.Write("plain", "text"), []), default), Is.EqualTo($"{_folder["plain"]} cannot be started: this user may not run it"));
    }

    private string Done => File.Exists(_folder["done"]) ? string.Join(',', File.ReadAllLines(_folder["done"])) : "";

    private ServiceStage Stage => _seen.Current.Services["broker"].Stage;

    private string Detail => _seen.Current.Services["broker"].Detail;

    private ServiceFollower Follower(string changed, string refused)
    {
        var options = new EmitterOptions { Certificate = _folder["end.pem"], Key = "key.pem", RevocationLists = _folder["crl.pem"] };
        var service = new ManagedService("broker", StackKind.Mosquitto, options, _folder["service"], Shell(changed), Shell(refused));
        return new ServiceFollower(service, new PendingMark(_folder["state"], "broker"), new ServiceInputs(_folder["state"], service), _seen);
    }

    private ServiceCommand Shell(string what) =>
        new ServiceCommand("/bin/sh", ["-c", what.StartsWith("exit", StringComparison.Ordinal) ? what : $"echo {what} >> {_folder["done"]}"]);

    private static DeviceDecision Of(Outcome outcome) => new(outcome, DecisionSource.Live, null, null, null);

    private static FieldValue.Names Names(params string[] names) => new([.. names]);

    private static Emission Allowed(string text) => new(Files(text), [], null, "");

    private static Emission Denied(string text) => new(Files(text), [], "denied", "");

    private static ImmutableSortedDictionary<string, string> Files(string text) => ImmutableSortedDictionary<string, string>.Empty.Add("tls.conf", text);
}
