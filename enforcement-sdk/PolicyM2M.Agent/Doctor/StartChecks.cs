using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Renewing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>
/// What the agent needs of its machine, looked at without anything being asked, made or taken away: one list for the start, for <c>--check-config</c> and for the doctor. Whether another agent runs is
/// not in it: that is well for the doctor, and the start finds out by itself.
/// </summary>
internal static class StartChecks
{
    /// <summary>Looks at everything.</summary>
    /// <param name="path">The configuration's file.</param>
    /// <param name="configuration">What it says.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<Finding> Look(string path, AgentConfiguration configuration, DateTimeOffset now)
    {
        AgentConfiguration inUse = OwnCredential.WithInUse(configuration);
        // Where the renewed credential is damaged the agent begins again with the one that it was given.
        bool hasAnother = inUse.Certificate != configuration.Certificate && CredentialChecks.IsWhole(configuration);
        return
        [
            .. InputFiles.Faults(configuration).Select(fault => Finding.Fatal("files", fault, "put the file itself there")),
            .. new[] { CredentialChecks.Certificate(inUse, now), CredentialChecks.Key(inUse) }.Select(finding => finding with { KeepsFromStarting = finding.KeepsFromStarting && !hasAnother }),
            CredentialChecks.Trust(configuration, now), .. CredentialChecks.RenewalTrust(configuration, now),
            StateChecks.Folder(configuration), .. StateChecks.Within(configuration),
            PermissionChecks.Look(path, configuration),
            LocalChecks.Socket(configuration), .. LocalChecks.Services(configuration),
        ];
    }

    /// <summary>Looks, and throws where something keeps the agent from starting.</summary>
    /// <returns>What is at fault besides, or may soon be: the agent starts, and says so. That none runs yet is not in it.</returns>
    /// <inheritdoc cref="Look"/>
    /// <exception cref="CannotRunException">Something does; the message has a line for each fault, and its remedy in the next.</exception>
    public static IReadOnlyList<Finding> Demand(string path, AgentConfiguration configuration, DateTimeOffset now)
    {
        Finding[] findings = [.. Look(path, configuration, now).Where(finding => finding.Severity == Severity.Fault || (finding.Severity == Severity.Warning && finding.Check != LocalChecks.SocketCheck))];
        Finding[] fatal = [.. findings.Where(finding => finding.KeepsFromStarting)];
        // What is no file at all is a fault of whoever reads it too, and is told once.
        if (fatal.Where(finding => finding.Check == "files").ToArray() is { Length: > 0 } files)
            fatal = files;
        return fatal.Length == 0 ? findings : throw new CannotRunException(string.Join('\n', fatal.Select(finding => $"{finding.Text}\n  {finding.Remedy}")));
    }
}
