using PolicyM2M.Agent.Configuration;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at the clock: against the decision point's where that answers, and otherwise by what the machine and the certificate show. A wrong clock is often why nobody answers.</summary>
internal static class ClockChecks
{
    private const string Remedy = "set up time synchronisation (systemd-timesyncd, chrony), and see that it runs before the agent";

    /// <summary>A clock that is further off makes fresh what is not, or the other way round.</summary>
    private static readonly TimeSpan Tolerable = TimeSpan.FromSeconds(60);

    /// <param name="ahead">How far this machine's clock is ahead of the decision point's.</param>
    public static Finding Against(TimeSpan ahead) => ahead.Duration() > Tolerable
        ? new Finding("clock", Severity.Fault, $"this machine's clock is {DurationText.Format((long)ahead.Duration().TotalSeconds)} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the decision point's", Remedy)
        : new Finding("clock", Severity.Ok, "it agrees with the decision point's");

    /// <summary>What can be said while nobody is there to compare it with.</summary>
    /// <param name="configuration">With the certificate in use.</param>
    /// <param name="now">What the clock says.</param>
    /// <param name="isSynchronised">Whether the kernel says that somebody who knows the time set it.</param>
    public static Finding Alone(AgentConfiguration configuration, DateTimeOffset now, bool isSynchronised)
    {
        string says = $"nobody is there to compare it with; it says {now:u}";
        string known = isSynchronised ? "the kernel says that it is synchronised" : "the kernel says that nobody who knows the time has set it since the machine's start";
        if (CertificateFile.TryOf(configuration.Certificate) is not { } validity)
            return new Finding("clock", Severity.Warning, $"{says}, and {known}", isSynchronised ? "ask again once the decision point answers" : Remedy);
        if (now < validity.From)
            return new Finding("clock", Severity.Fault, $"{says}, which is before {validity.From:u}, when the certificate in use was issued: it is behind, or the authority's is ahead; {known}", Remedy);
        if (now >= validity.Until)
            return new Finding("clock", Severity.Warning, $"{says}, which is after {validity.Until:u}, when the certificate in use ends: that is so, or it is ahead; {known}", Remedy);
        return isSynchronised
            ? new Finding("clock", Severity.Warning, $"{says}, which the certificate in use does not belie, and {known}", "ask again once the decision point answers")
            : new Finding("clock", Severity.Warning, $"{says}, which the certificate in use does not belie, but {known}", Remedy);
    }
}
