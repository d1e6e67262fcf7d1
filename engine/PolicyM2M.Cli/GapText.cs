using System.Collections.Immutable;
using PolicyM2M.Engine.Regions;

namespace PolicyM2M.Cli;

/// <summary>What nobody said of a device, and what that means for its decision, in words.</summary>
internal static class GapText
{
    /// <summary>A sentence for each kind of gap, and the names of which it speaks. By what <c>has</c> asks for a device may gain: of it nobody can say that the strictest holds.</summary>
    public static IEnumerable<(string Word, string Meaning, ImmutableArray<string> Names)> Of(Gaps gaps)
    {
        ImmutableArray<string> open = gaps.Missing.RemoveAll(gaps.Silent.Contains);
        if (!open.IsEmpty)
            yield return ("missing", ", so the answer is the strictest over all they could be", open);
        if (!gaps.Silent.IsEmpty)
            yield return ("missing", ", and a rule asks by `has` whether they are, so the answer may be laxer than for some value", gaps.Silent);
        if (!gaps.UnknownAges.IsEmpty)
            yield return ("counted as missing", ", because the instant is still to come or the age beyond its range", gaps.UnknownAges);
    }
}
