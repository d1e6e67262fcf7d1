using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>What a waiver must keep to: it names one demand of the set, and never holds for longer than the manifest allows.</summary>
/// <param name="Longest">The longest that a waiver may hold, in seconds; null where the manifest allows none.</param>
/// <param name="Demands">The demands of the set as <c>policy.name</c>, each as often as that can be read as one.</param>
internal sealed record WaiverTerms(long? Longest, ImmutableArray<string> Demands)
{
    public static WaiverTerms Of(long? longest, IEnumerable<PolicySyntax> policies) => new(longest,
    [
        .. policies.SelectMany(policy => policy.Declarations.Select(declaration => declaration switch
        {
            DeclarationSyntax.Require require => $"{policy.Name.Text}.{require.Name.Text}",
            DeclarationSyntax.Forbid forbid => $"{policy.Name.Text}.{forbid.Name.Text}",
            _ => null,
        })).OfType<string>(),
    ]);

    /// <summary>The time in which a waiver holds, in seconds since 1970-01-01T00:00:00Z, its end excluded; null, with a fault, where it must not.</summary>
    public (long From, long Until)? Check(DeclarationSyntax.Waive waive, SourceText source, Faults faults)
    {
        bool isNamed = Demands.Count(demand => demand == waive.Demand.Text) == 1;
        if (!isNamed)
            faults.UnknownDemand(source, waive.Demand, Demands);
        if (string.IsNullOrWhiteSpace(waive.Because) || string.IsNullOrWhiteSpace(waive.ApprovedBy))
            faults.SaysNothing(source, waive.Span, "a waiver", "why, and who approved it");
        if (Longest is not { } longest)
        {
            faults.NoWaivers(source, waive.Demand.Span);
            return null;
        }
        if (Instant(waive.Until) is not { } until || (waive.From is { } start ? Instant(start) : until - longest) is not { } from)
            return null;
        if (from >= until)
            faults.EmptyWaiver(source, waive.Until.Span);
        else if (until - from > longest)
            faults.LongWaiver(source, waive.Until.Span, longest);
        return isNamed && from < until ? (from, until) : null;

        long? Instant(AtomSyntax atom)
        {
            if (InstantText.TryParse(atom.Text, out long seconds))
                return seconds;
            faults.NotAnInstant(source, atom);
            return null;
        }
    }

    /// <summary>The policies, each demand with the waivers that name it.</summary>
    public static ImmutableArray<BoundPolicy> Place(ImmutableArray<BoundPolicy> policies)
    {
        ILookup<string, BoundWaiver> waivers = policies.SelectMany(policy => policy.Waivers).ToLookup(waiver => waiver.Demand, StringComparer.Ordinal);
        return waivers.Count == 0 ? policies : [.. policies.Select(policy => policy with
        {
            Demands = [.. policy.Demands.Select(demand => demand with { Waivers = [.. waivers[$"{policy.Name}.{demand.Name}"]] })],
        })];
    }
}
