using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Lattice;

/// <summary>
/// What holds where no policy says anything: a denial where none that applies has a block, or leaves out a field that must be stated; else the
/// field's default. What a rule states is a set of bits: one for each field of its kind in the order of <see cref="Field.Of"/>, and
/// <see cref="Case"/>. A rule that denies states everything: where a policy denies, nothing else matters.
/// </summary>
internal static class Omissions
{
    /// <summary>The bit of a rule that is a case of a block.</summary>
    public const uint Case = 1u << 31;

    private static readonly ImmutableArray<ImmutableArray<(uint Stated, Rule Rule)>> ByKind = [.. DecisionKinds.All.Select(OfKind)];

    /// <summary>What a rule states.</summary>
    public static uint StatedBy(Outcome says, bool isCase)
    {
        if (says.IsDenied)
            return uint.MaxValue;
        ImmutableArray<Field> fields = Field.Of(says.Kind);
        uint stated = isCase ? Case : 0;
        for (int i = 0; i < fields.Length; i++)
            stated |= says[fields[i]] is null ? 0 : 1u << i;
        return stated;
    }

    /// <summary>The rules by omission for what is not stated, the most general first.</summary>
    public static IEnumerable<Rule> Of(DecisionKind kind, uint stated) =>
        ByKind[(int)kind].Where(omission => (omission.Stated & stated) == 0).Select(omission => omission.Rule);

    private static ImmutableArray<(uint, Rule)> OfKind(DecisionKind kind)
    {
        var manifest = new SourcePosition("policyset.yaml", 1, 1);
        var omissions = ImmutableArray.CreateBuilder<(uint, Rule)>();
        omissions.Add((Case, new Rule("", "no policy applies", manifest, Outcome.Deny(kind, $"no policy that applies has a block for `{kind.Name()}`"))));
        ImmutableArray<Field> fields = Field.Of(kind);
        for (int i = 0; i < fields.Length; i++)
        {
            Outcome? says = fields[i].MustBeStated ? Outcome.Deny(kind, $"no rule that applies states `{fields[i].Name}`")
                : fields[i].WhenUnstated is { } value ? Outcome.Allow(kind, [(fields[i], value)])
                : null;
            if (says is not null)
                omissions.Add((1u << i, new Rule("", $"`{fields[i].Name}` not stated", manifest, says)));
        }
        return omissions.ToImmutable();
    }
}
