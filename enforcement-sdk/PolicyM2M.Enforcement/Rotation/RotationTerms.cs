using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// What a rotation outcome says, with what holds where it is silent. The lattice leaves a field that nobody states unconstrained; a device must still do
/// something, and takes what no policy can find too lax: it renews in good time, spread, and has no grace that nobody granted.
/// </summary>
internal sealed record RotationTerms(TimeSpan? Lifetime, TimeSpan? KeyLifetime, TimeSpan? Overlap, TimeSpan OfflineGrace, Fraction RenewAt, Fraction Spread, bool MustRekey, bool RotateNow)
{
    /// <summary>As cert-manager has it: renew when two thirds are over.</summary>
    private static readonly Fraction UsualRenewAt = Of(2, 3);

    private static readonly Fraction UsualSpread = Of(1, 10);

    /// <exception cref="ArgumentException">The outcome is of another kind, or a denial: then nothing is renewed.</exception>
    public static RotationTerms Of(Outcome outcome)
    {
        if (outcome.Kind != DecisionKind.Rotation || outcome.IsDenied)
            throw new ArgumentException($"a plan is made from a rotation outcome that allows, not from {outcome.Kind.Name()} {outcome}", nameof(outcome));
        return new RotationTerms(
            Length(outcome, Field.Lifetime),
            Length(outcome, Field.KeyLifetime),
            Length(outcome, Field.Overlap),
            Length(outcome, Field.OfflineGrace) ?? TimeSpan.Zero,
            Share(outcome, Field.RenewAt) ?? UsualRenewAt,
            Share(outcome, Field.Spread) ?? UsualSpread,
            outcome[Field.Rekey] is FieldValue.Level { Rank: > 0 },
            outcome[Field.RotateNow] is FieldValue.Level { Rank: > 0 });
    }

    private static TimeSpan? Length(Outcome outcome, Field field) =>
        outcome[field] is FieldValue.Duration duration ? TimeSpan.FromSeconds(Math.Min(duration.Seconds, (long)TimeSpan.MaxValue.TotalSeconds)) : null;

    private static Fraction? Share(Outcome outcome, Field field) => outcome[field] is FieldValue.Share share ? share.Value : null;

    private static Fraction Of(int numerator, int denominator) =>
        Fraction.TryCreate(numerator, denominator, out Fraction fraction) ? fraction : throw new ArgumentOutOfRangeException(nameof(numerator));
}
