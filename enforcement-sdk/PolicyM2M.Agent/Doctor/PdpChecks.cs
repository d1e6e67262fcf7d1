using System.Globalization;
using System.Security.Cryptography;
using Grpc.Core;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Asks the decision point as the daemon does, with its credential, and looks at the clock. Nothing is kept.</summary>
internal static class PdpChecks
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <param name="configuration">The configuration.</param>
    /// <param name="said">What the gateway says of itself.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isSynchronised">Whether the kernel says that somebody who knows the time set it.</param>
    /// <param name="ending">Ends it.</param>
    /// <returns>What is found of them together, and then of each, where there are several: that one is away is no fault while another answers.</returns>
    public static async Task<IReadOnlyList<Finding>> LookAsync(AgentConfiguration configuration, SaidOfItself said, TimeProvider time, bool isSynchronised, CancellationToken ending)
    {
        List<Finding> findings = [.. await AskAsync(configuration, said, time, isSynchronised, ending)];
        foreach (Uri one in configuration.Pdp.Where(_ => configuration.Pdp.Length > 1))
        {
            Finding alone = (await AskAsync(configuration with { Pdp = [one] }, said, time, isSynchronised, ending))[0];
            findings.Add(alone with { Check = $"pdp {one}", Severity = alone.Severity == Severity.Fault ? Severity.Warning : alone.Severity });
        }
        return findings;
    }

    private static async Task<IReadOnlyList<Finding>> AskAsync(AgentConfiguration configuration, SaidOfItself said, TimeProvider time, bool isSynchronised, CancellationToken ending)
    {
        ClientEvent.ContextRead? read = null;
        string? folder = null;
        try
        {
            folder = Directory.CreateTempSubdirectory("policym2m-doctor-").FullName;
            await using PolicyClient client = PolicyClient.Connect(Daemon.Options(configuration with { State = folder, Mode = DecisionMode.Ask }, time) with
            {
                OnEvent = happened => read = happened as ClientEvent.ContextRead ?? read,
            });
            // All of it, and not only what the policies test: so the decision point tells of a name that is misspelt.
            DeviceDecision decision = (await client.DecideAsync(said.Claims, [Engine.Vocabulary.DecisionKind.Rotation], refresh: true, ending))[0];
            Finding clock = await TimeOfAsync(client, ending) is { } theirs ? ClockChecks.Against(time.GetUtcNow() - theirs) : ClockChecks.Alone(configuration, time.GetUtcNow(), isSynchronised);
            return decision is { Source: DecisionSource.Live, Decision: { } made }
                ? [new Finding("pdp", Severity.Ok, $"{Addresses(configuration)} answers {client.DeviceId} from revision {EventText.Short(made.Revision.CommitId)}"), clock, ClaimChecks.Of(read, said)]
                : [new Finding("pdp", Severity.Fault, decision.Outcome.Denial ?? "it gave no decision",
                    $"see that {Addresses(configuration)} runs, that nothing is in the way, and that it lets this certificate in"), clock];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            string remedy = fault is UnauthorizedAccessException ? UserChecks.Remedy
                : $"mend the certificate, the key or the authorities first, and see that {Path.GetTempPath()} can be written: the doctor keeps there what it asks with";
            return [new Finding("pdp", Severity.Fault, $"it cannot be asked: {fault.Message}", remedy), ClockChecks.Alone(configuration, time.GetUtcNow(), isSynchronised)];
        }
        finally
        {
            if (folder is not null)
                Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// The decision point's time, as each of its answers carries it (RFC 9110, section 6.6.1); null where none came. A decision tells it as well, but where this clock is far ahead none can be used.
    /// </summary>
    private static async Task<DateTimeOffset?> TimeOfAsync(PolicyClient client, CancellationToken ending)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ending);
        bound.CancelAfter(Longest);
        try
        {
            using AsyncUnaryCall<GetSigningKeysResponse> call = new DecisionService.DecisionServiceClient(client.Calls).GetSigningKeysAsync(new GetSigningKeysRequest(), cancellationToken: bound.Token);
            // The answer itself counts for nothing here, also where it is a refusal.
            await ((Task)call.ResponseAsync).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return DateTimeOffset.TryParseExact((await call.ResponseHeadersAsync).GetValue("date"), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? date : null;
        }
        catch (RpcException) when (!ending.IsCancellationRequested)
        {
            return null;
        }
    }

    private static string Addresses(AgentConfiguration configuration) => string.Join(", ", configuration.Pdp);
}
