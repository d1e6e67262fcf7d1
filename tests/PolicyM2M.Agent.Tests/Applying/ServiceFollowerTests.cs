using System.Collections.Immutable;
using PolicyM2M.Agent.Applying;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Emitters;
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
    public async Task A_denial_ends_the_service_once_and_a_permission_starts_it_again_with_the_same_files()
    {
        ServiceFollower follower = Follower("changed", "refused");
        await follower.FollowAsync(Allowed("one"), default);
        await follower.FollowAsync(Denied("nobody gets in"), default);
        await follower.FollowAsync(Denied("nobody gets in"), default);
        Assert.That((Done, Stage, File.ReadAllText(_folder["service/tls.conf"])), Is.EqualTo(("changed,refused", ServiceStage.Refused, "nobody gets in")));
        await follower.FollowAsync(Allowed("one"), default);
        Assert.That((Done, Stage), Is.EqualTo(("changed,refused,changed", ServiceStage.InForce)));
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

    [Test]
    public async Task A_signal_reaches_the_process_of_its_file_and_no_group_of_processes()
    {
        using RunningProcess service = RunningProcess.Start("/bin/sh", ["-c", "trap 'echo again' HUP; echo $$; while :; do sleep 0.05; done"], _folder.Path);
        string process = await service.NextLineAsync(_ => true, "number of the process");
        _folder.Write("pid", process + "\n");
        Assert.That(await ServiceControl.ActAsync(new ServiceAction.Signal(PosixSignalNumber.Hup, _folder["pid"]), default), Is.Null);
        await service.NextLineAsync(line => line == "again", "answer to the signal");
        foreach (string bad in new[] { "0", "-1", "1", "x", "" })
        {
            _folder.Write("pid", bad);
            Assert.That(await ServiceControl.ActAsync(new ServiceAction.Signal(PosixSignalNumber.Hup, _folder["pid"]), default), Does.Contain("holds no number of a process"));
        }
    }

    [Test]
    public async Task What_a_command_says_is_told_in_one_line_and_at_some_length()
    {
        string? failure = await ServiceControl.ActAsync(new ServiceAction.Command("/bin/sh", ["-c", "seq 1 100000 >&2; echo; echo the end >&2; exit 7"]), default);
        Assert.That(failure, Does.StartWith("/bin/sh ended with 7: ").And.EndWith("100000 the end").And.Length.LessThan(400).And.Not.Contain('\n'));
        Assert.That(await ServiceControl.ActAsync(new ServiceAction.Command(_folder["nothing"], []), default), Does.Contain("cannot be started"));
    }

    private string Done => File.Exists(_folder["done"]) ? string.Join(',', File.ReadAllLines(_folder["done"])) : "";

    private ServiceStage Stage => _seen.Current.Services["broker"].Stage;

    private string Detail => _seen.Current.Services["broker"].Detail;

    private ServiceFollower Follower(string changed, string refused) => new(
        new ManagedService("broker", StackKind.Mosquitto, new EmitterOptions(), _folder["service"], Shell(changed), Shell(refused)),
        new PendingMark(_folder["state"], "broker"), _seen);

    private ServiceAction.Command Shell(string what) =>
        new ServiceAction.Command("/bin/sh", ["-c", what.StartsWith("exit", StringComparison.Ordinal) ? what : $"echo {what} >> {_folder["done"]}"]);

    private static Emission Allowed(string text) => new(Files(text), null, "");

    private static Emission Denied(string text) => new(Files(text), "denied", "");

    private static ImmutableSortedDictionary<string, string> Files(string text) => ImmutableSortedDictionary<string, string>.Empty.Add("tls.conf", text);
}
