using System.Security.Cryptography;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Asks the decision point as the daemon does, with its credential, and compares the clocks. Nothing is kept.</summary>
internal static class PdpChecks
{
    /// <summary>A clock that is further off makes fresh what is not, or the other way round.</summary>
    private static readonly TimeSpan Tolerable = TimeSpan.FromSeconds(60);

    /// <summary>The finding where a file that it takes to ask is none.</summary>
    public static Finding NotAsked { get; } = new("pdp", Severity.Warning, "it was not asked", "mend the files first");

    /// <param name="configuration">The configuration.</param>
    /// <param name="said">What the gateway says of itself.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ending">Ends it.</param>
    public static async Task<IReadOnlyList<Finding>> LookAsync(AgentConfiguration configuration, DeviceContext said, TimeProvider time, CancellationToken ending)
    {
        ClientEvent.ContextRead? read = null;
        string folder = Directory.CreateTempSubdirectory("policym2m-doctor-").FullName;
        try
        {
            await using PolicyClient client = PolicyClient.Connect(Daemon.Options(configuration with { State = folder, Mode = DecisionMode.Ask }, time) with
            {
                OnEvent = happened => read = happened as ClientEvent.ContextRead ?? read,
            });
            // All of it, and not only what the policies test: so the decision point tells of a name that is misspelt.
            DeviceDecision decision = (await client.DecideAsync(said, [DecisionKind.Rotation], refresh: true, ending))[0];
            return decision is { Source: DecisionSource.Live, Decision: { } made }
                ?
                [
                    new Finding("pdp", Severity.Ok, $"{Addresses(configuration)} answers {client.DeviceId} from revision {EventText.Short(made.Revision.CommitId)}"),
                    Clock(time.GetUtcNow() - made.IssuedAt), ClaimChecks.Of(read),
                ]
                : [new Finding("pdp", Severity.Fault, decision.Outcome.Denial ?? "it gave no decision",
                    $"see that {Addresses(configuration)} runs, that nothing is in the way, and that it lets this certificate in"), UnknownClock];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            string remedy = fault is UnauthorizedAccessException ? UserChecks.Remedy : "mend the certificate, the key or the authorities first";
            return [new Finding("pdp", Severity.Fault, $"it cannot be asked: {fault.Message}", remedy), UnknownClock];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Addresses(AgentConfiguration configuration) => string.Join(", ", configuration.Pdp);

    private static Finding UnknownClock => new("clock", Severity.Warning, "nobody is there to compare it with", "ask again once the decision point answers");

    private static Finding Clock(TimeSpan ahead) => ahead.Duration() > Tolerable
        ? new Finding("clock", Severity.Fault, $"this machine's clock is {DurationText.Format((long)ahead.Duration().TotalSeconds)} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the decision point's",
            "set up time synchronisation (systemd-timesyncd, chrony), and see that it runs before the agent")
        : new Finding("clock", Severity.Ok, "it agrees with the decision point's");
}
