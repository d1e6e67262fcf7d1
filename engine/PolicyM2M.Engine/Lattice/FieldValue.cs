using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Lattice;

/// <summary>What one field of an outcome says.</summary>
public abstract record FieldValue
{
    private FieldValue() { }

    /// <summary>Names in order of preference; the meet is the intersection, so fewer are stricter and none is impossible.</summary>
    /// <param name="Items">The names, each once.</param>
    public sealed record Names(ImmutableArray<string> Items) : FieldValue
    {
        /// <inheritdoc/>
        public bool Equals(Names? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items.AsSpan());

        /// <inheritdoc/>
        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (string item in Items)
                hash.Add(item, StringComparer.Ordinal);
            return hash.ToHashCode();
        }

        /// <inheritdoc/>
        public override string ToString() => Items.IsEmpty ? "none" : string.Join(", ", Items);
    }

    /// <summary>A length of time in whole seconds; the shorter is stricter.</summary>
    /// <param name="Seconds">The length, not negative.</param>
    public sealed record Duration(long Seconds) : FieldValue
    {
        /// <inheritdoc/>
        public override string ToString() => DurationText.Format(Seconds);
    }

    /// <summary>A share between 0 and 1; the field says which direction is stricter.</summary>
    /// <param name="Value">The share.</param>
    public sealed record Share(Fraction Value) : FieldValue
    {
        /// <inheritdoc/>
        public override string ToString() => Value.ToString();
    }

    /// <summary>A rank on the field's ladder; the higher is stricter.</summary>
    /// <param name="Rank">0 for the laxest.</param>
    /// <param name="Name">The rank's name, such as <c>secure-element</c>.</param>
    public sealed record Level(int Rank, string Name) : FieldValue
    {
        /// <inheritdoc/>
        public override string ToString() => Name;
    }
}
