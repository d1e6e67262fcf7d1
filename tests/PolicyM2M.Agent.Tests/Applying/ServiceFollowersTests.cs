using System.Collections.Immutable;
using PolicyM2M.Agent.Applying;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Emitters;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>Two services, of which one hangs for half a minute and longer when it is told of its new files: it opens a pipe that nobody writes to.</summary>
[CancelAfter(60_000)]
internal sealed class ServiceFollowersTests
{
    [Test]
    public async Task A_service_that_hangs_holds_up_neither_the_others_nor_the_next_decision_and_a_denial_does_not_wait_for_it(CancellationToken longest)
    {
        using var folder = new GatewayFolder();
        string pipe = folder["pipe"];
        FinishedProcess.Run("mkfifo", [pipe]).Succeeded();
        AgentConfiguration configuration = ConfigurationFile.Read(folder.Configuration) with
        {
            Services = [Service(folder, "web", $"echo began >> {folder["web.done"]}; cat {pipe}"), Service(folder, "broker", $"echo changed >> {folder["broker.done"]}")],
        };
        var seen = new Sightings(new AgentStatus { Pdp = configuration.Pdp, StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, TextWriter.Null);
        var services = ServiceFollowers.Of(configuration, seen, () => DateTimeOffset.UnixEpoch);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(longest);
        Task running = Task.WhenAll(services.Run(ending.Token));

        services.Follow(Decisions("TLS_AES_128_GCM_SHA256"));
        await SaysAsync(folder["web.done"], "began", longest);
        await SaysAsync(folder["broker.done"], "changed", longest);
        services.Follow(Decisions("TLS_AES_256_GCM_SHA384"));
        await SaysAsync(folder["broker.done"], "changed,changed", longest);
        Assert.That(Said(folder["web.done"]), Is.EqualTo("began"), "it has one caller at a time");
        services.Follow(Denied);
        await SaysAsync(folder["broker.done"], "changed,changed,refused", longest);
        // Nobody has written to the pipe: what hung was ended.
        await SaysAsync(folder["web.done"], "began,refused", longest);
        await ending.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(Said(folder["web.done"]), Is.EqualTo("began,refused"), "what was decided between is decided no more");
    }

    private static ManagedService Service(GatewayFolder folder, string name, string changed) =>
        new(name, StackKind.Nginx, new EmitterOptions { Certificate = "/c.pem", Key = "/k.pem", Authorities = "/a.pem" }, folder[name], Shell(changed), Shell($"echo refused >> {folder[$"{name}.done"]}"));

    private static ServiceCommand Shell(string what) => new("/bin/sh", ["-c", what]);

    private static ImmutableArray<DeviceDecision> Decisions(string suite) =>
    [
        Of(Outcome.Allow(DecisionKind.CipherSuites, [(Field.Versions, new FieldValue.Names(["TLS1.3"])), (Field.Suites, new FieldValue.Names([suite]))])),
        Of(Outcome.Allow(DecisionKind.Auth, [(Field.Mutual, new FieldValue.Level(1, "required")), (Field.Methods, new FieldValue.Names(["x509"]))])),
    ];

    private static ImmutableArray<DeviceDecision> Denied => [Of(Outcome.Deny(DecisionKind.CipherSuites, "nobody gets in")), .. Decisions("TLS_AES_128_GCM_SHA256").Skip(1)];

    private static DeviceDecision Of(Outcome outcome) => new(outcome, DecisionSource.Live, null, null, null);

    private static string Said(string path) => File.Exists(path) ? string.Join(',', File.ReadAllLines(path)) : "";

    private static async Task SaysAsync(string path, string expected, CancellationToken longest)
    {
        while (Said(path) != expected)
            await Task.Delay(20, longest);
    }
}
