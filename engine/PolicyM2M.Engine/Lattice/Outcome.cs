using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Lattice;

/// <summary>What a decision says: either a denial with its reason, or a value for each field that is constrained. Immutable; equal by content.</summary>
public sealed class Outcome : IEquatable<Outcome>
{
    private readonly ImmutableArray<FieldValue?> _values;

    private Outcome(DecisionKind kind, string? denial, ImmutableArray<FieldValue?> values)
    {
        Kind = kind;
        Denial = denial;
        _values = values;
    }

    /// <summary>The kind of decision.</summary>
    public DecisionKind Kind { get; }

    /// <summary>Why the answer is deny; null where it is not.</summary>
    public string? Denial { get; }

    /// <summary>Whether the answer is deny.</summary>
    public bool IsDenied => Denial is not null;

    /// <summary>The value of a field; null where the field is not constrained, belongs to another kind, or the answer is deny.</summary>
    public FieldValue? this[Field field] => field.PlaceIn(Kind) is >= 0 and int place ? _values[place] : null;

    /// <summary>The fields that have a value, in the order of <see cref="Field.Of"/>.</summary>
    public IEnumerable<(Field Field, FieldValue Value)> Values
    {
        get
        {
            ImmutableArray<Field> fields = Field.Of(Kind);
            for (int i = 0; i < _values.Length; i++)
            {
                if (_values[i] is { } value)
                    yield return (fields[i], value);
            }
        }
    }

    /// <summary>A denial.</summary>
    /// <exception cref="ArgumentException">The reason is empty.</exception>
    public static Outcome Deny(DecisionKind kind, string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return new Outcome(kind, reason, Unconstrained(kind));
    }

    /// <summary>An outcome with these values; every other field is not constrained.</summary>
    /// <exception cref="ArgumentException">A field belongs to another kind.</exception>
    public static Outcome Allow(DecisionKind kind, IEnumerable<(Field Field, FieldValue Value)> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ImmutableArray<FieldValue?>.Builder all = Unconstrained(kind).ToBuilder();
        foreach ((Field field, FieldValue value) in values)
        {
            int place = field.PlaceIn(kind);
            if (place < 0)
                throw new ArgumentException($"{kind.Name()} has no field {field.Name}", nameof(values));
            all[place] = value;
        }
        return new Outcome(kind, null, all.MoveToImmutable());
    }

    /// <summary>
    /// The strictest outcome that is at least as strict as both, field by field; in a list the names keep the left one's order.
    /// A list left without names stays, empty: only <see cref="Judgement"/> turns it into a denial, so that meets may be taken in any grouping.
    /// </summary>
    internal Outcome Meet(Outcome other)
    {
        if (Kind != other.Kind)
            throw new ArgumentException($"{Kind.Name()} and {other.Kind.Name()} do not meet", nameof(other));
        ImmutableArray<Field> fields = Field.Of(Kind);
        ImmutableArray<FieldValue?>.Builder met = ImmutableArray.CreateBuilder<FieldValue?>(fields.Length);
        for (int i = 0; i < fields.Length; i++)
        {
            FieldValue? mine = _values[i], theirs = other._values[i];
            met.Add(mine is null ? theirs : theirs is null ? mine : fields[i].Shape.Meet(mine, theirs));
        }
        string? denial = Denial is null ? other.Denial
            : other.Denial is null || other.Denial == Denial ? Denial
            : $"{Denial}; {other.Denial}";
        return new Outcome(Kind, denial, met.MoveToImmutable());
    }

    /// <summary>Which way it changes where it becomes another outcome of its kind. A denial is tighter than all else; a field that is not constrained is looser than any value.</summary>
    /// <exception cref="ArgumentException">The outcomes are of two kinds.</exception>
    public Direction DirectionTo(Outcome other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Kind != other.Kind)
            throw new ArgumentException($"{Kind.Name()} does not become {other.Kind.Name()}", nameof(other));
        if (IsDenied || other.IsDenied)
            return IsDenied == other.IsDenied ? Direction.Neither : other.IsDenied ? Direction.Tighter : Direction.Looser;
        Direction direction = Direction.Neither;
        ImmutableArray<Field> fields = Field.Of(Kind);
        for (int i = 0; i < fields.Length; i++)
            direction |= Change(fields[i].Shape, _values[i], other._values[i]);
        return direction;
    }

    private static Direction Change(FieldShape shape, FieldValue? before, FieldValue? after)
    {
        if (before is null || after is null)
            return before is null && after is null ? Direction.Neither : after is null ? Direction.Looser : Direction.Tighter;
        // A meet keeps the order of its left side, so that each side is compared with the meet that begins with it.
        bool isTighter = !shape.Meet(before, after).Equals(before), isLooser = !shape.Meet(after, before).Equals(after);
        return (isTighter ? Direction.Tighter : 0) | (isLooser ? Direction.Looser : 0);
    }

    /// <inheritdoc/>
    public bool Equals(Outcome? other) =>
        other is not null && Kind == other.Kind && Denial == other.Denial && _values.AsSpan().SequenceEqual(other._values.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Outcome);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Kind);
        hash.Add(Denial, StringComparer.Ordinal);
        foreach (FieldValue? value in _values)
            hash.Add(value);
        return hash.ToHashCode();
    }

    /// <summary>The outcome as a policy would write it, on one line.</summary>
    public override string ToString() =>
        IsDenied ? $"deny \"{Denial}\"" : $"{{ {string.Join("  ", Values.Select(v => $"{v.Field.Name} {v.Value}"))} }}";

    private static ImmutableArray<FieldValue?> Unconstrained(DecisionKind kind) => [.. new FieldValue?[Field.Of(kind).Length]];
}
