using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Sight;

/// <summary>
/// Whether the server should be asked: one that is draining will be gone, one that must record and cannot answers nobody, and one that has no registry tells everybody the strictest while
/// another replica may know better. A revision serves whenever the server runs, since without one it does not start.
/// </summary>
internal sealed class Readiness(RegistryState registry, AuditTrail audit, Draining draining, CallerRulesState rules, CredentialState credentials, PdpOptions options, TimeProvider clock)
{
    public const string AnotherRegistry = "the device registry is not the one of before, and nobody has changed a device in it since";

    /// <summary>Why it should not be asked; nothing where it should. What is wrong with a database or a disk is for the log, and not for here: whoever looks need not be trusted.</summary>
    public IReadOnlyList<string> WhyNot()
    {
        List<string> reasons = [];
        if (draining.IsDraining)
            reasons.Add("the server is shutting down");
        if (!registry.IsAvailable)
            reasons.Add("the device registry cannot be reached");
        if (!audit.MayAnswer)
            reasons.Add("the audit log cannot be written");
        return reasons;
    }

    /// <summary>
    /// That the registry is not the one of before; and what keeps callers out although the server is ready, or soon will: every replica has the same lists, so that to send callers elsewhere
    /// would help none of them. Those who are kept out cannot ask for the status, and find it here.
    /// </summary>
    public IEnumerable<string> Warnings()
    {
        if (registry.IsAnother)
            yield return AnotherRegistry;
        DateTimeOffset now = clock.GetUtcNow();
        if (!options.Callers.AcceptsExpiredCrls && Worst(rules.Current.ListTerms().Select(list => list.Term), now) is var lists and > TermStage.Running)
            yield return lists == TermStage.Over ? "a revocation list is over, so that nobody of its authority gets in" : "a revocation list ends soon, and after that nobody of its authority gets in";
        if (rules.Current.WithoutList().Any())
            yield return "a revocation list is missing, so that nobody of its authority gets in";
        if (credentials.Current.Term.At(now) is var own and > TermStage.Running)
            yield return own == TermStage.Over ? "the server's certificate is over, so that no caller accepts it" : "the server's certificate ends soon, and after that no caller accepts it";
    }

    private static TermStage Worst(IEnumerable<Term> terms, DateTimeOffset now) => terms.Select(term => term.At(now)).DefaultIfEmpty().Max();
}
