using System.Collections.Frozen;
using System.Collections.Immutable;

namespace PolicyM2M.Engine.Lattice;

/// <summary>The kind of value a field takes, and which way is stricter.</summary>
public abstract record FieldShape
{
    private FieldShape() { }

    /// <summary>The strictest value that is at least as strict as both.</summary>
    internal abstract FieldValue Meet(FieldValue left, FieldValue right);

    /// <summary>An ordered list of names from a vocabulary; the meet is the intersection, in the left one's order.</summary>
    /// <param name="What">What one name is called in messages, such as <c>cipher suite</c>.</param>
    /// <param name="CodePoints">The names that exist, with their code points on the wire; null where any label will do.</param>
    /// <param name="MayBeEmpty">Whether an empty list is a value (nothing is granted) and not a conflict.</param>
    public sealed record NameList(string What, IReadOnlyDictionary<string, ushort>? CodePoints, bool MayBeEmpty = false) : FieldShape
    {
        internal override FieldValue Meet(FieldValue left, FieldValue right)
        {
            ImmutableArray<string> mine = ((FieldValue.Names)left).Items, theirs = ((FieldValue.Names)right).Items;
            ImmutableArray<string> both = mine.RemoveAll(name => !theirs.Contains(name));
            return both.Length == mine.Length ? left : new FieldValue.Names(both);
        }
    }

    /// <summary>A length of time; the meet is the shorter.</summary>
    public sealed record ShortestDuration : FieldShape
    {
        internal override FieldValue Meet(FieldValue left, FieldValue right) =>
            ((FieldValue.Duration)left).Seconds <= ((FieldValue.Duration)right).Seconds ? left : right;
    }

    /// <summary>A share; the meet is the smaller or the larger, whichever is stricter for the field.</summary>
    /// <param name="LargerIsStricter">Whether the larger share is the stricter.</param>
    public sealed record Share(bool LargerIsStricter) : FieldShape
    {
        internal override FieldValue Meet(FieldValue left, FieldValue right)
        {
            int order = ((FieldValue.Share)left).Value.CompareTo(((FieldValue.Share)right).Value);
            return order == 0 || order > 0 == LargerIsStricter ? left : right;
        }
    }

    /// <summary>A ladder of named ranks, laxest first; the meet is the higher.</summary>
    /// <param name="Ranks">The names, laxest first.</param>
    public sealed record Ladder(ImmutableArray<string> Ranks) : FieldShape
    {
        internal override FieldValue Meet(FieldValue left, FieldValue right) =>
            ((FieldValue.Level)left).Rank >= ((FieldValue.Level)right).Rank ? left : right;

        /// <summary>The rank of that name; null where the ladder has none.</summary>
        public FieldValue.Level? Find(string name) => Ranks.IndexOf(name) is >= 0 and int rank ? new FieldValue.Level(rank, name) : null;
    }

    internal static NameList Names(string what, IEnumerable<KeyValuePair<string, ushort>> codePoints) =>
        new(what, codePoints.ToFrozenDictionary(StringComparer.Ordinal));

    internal static NameList Names(string what, params string[] names) =>
        Names(what, names.Select((name, index) => KeyValuePair.Create(name, (ushort)(index + 1))));
}
