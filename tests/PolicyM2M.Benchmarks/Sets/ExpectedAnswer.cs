using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Benchmarks.Sets;

/// <summary>
/// An answer as the generators know it. Outcomes differ in two fields of which the shortest wins, one growing and one shrinking with the outcome's
/// number: so each can be told from the others, and so can their meets.
/// </summary>
/// <param name="IsDenied">Whether it is a denial.</param>
/// <param name="SessionLifetime">The <c>session-lifetime</c> in seconds.</param>
/// <param name="FreshFor">The <c>fresh-for</c> in seconds.</param>
internal readonly record struct ExpectedAnswer(bool IsDenied, long SessionLifetime, long FreshFor)
{
    public static readonly ExpectedAnswer Denied = new(IsDenied: true, 0, 0);

    public static ExpectedAnswer Of(int outcome) => new(IsDenied: false, 3600 * (outcome + 1), 60 * (100 - outcome));

    public ExpectedAnswer Meet(ExpectedAnswer other) => IsDenied || other.IsDenied ? Denied
        : new ExpectedAnswer(IsDenied: false, Math.Min(SessionLifetime, other.SessionLifetime), Math.Min(FreshFor, other.FreshFor));

    /// <summary>Whether a decision says the same.</summary>
    public bool IsSaidBy(Decision decision) => IsSaidBy(decision.Outcome);

    /// <summary>Whether an outcome is the same.</summary>
    public bool IsSaidBy(Outcome outcome) => this == Read(outcome);

    /// <summary>A profile that states it.</summary>
    public string Profile(string name) => $$"""
        profile {{name}} : cipher-suites {
          versions 1.3  suites TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256  groups x25519, secp256r1  signatures ecdsa_secp256r1_sha256
          session-lifetime {{SessionLifetime}}s  fresh-for {{FreshFor}}s  usable-for 72h
        }

        """.ReplaceLineEndings("\n");

    private static ExpectedAnswer Read(Outcome outcome) => outcome.IsDenied ? Denied
        : new ExpectedAnswer(IsDenied: false, Seconds(outcome, Field.SessionLifetime), Seconds(outcome, Field.FreshFor));

    private static long Seconds(Outcome outcome, Field field) => outcome[field] is FieldValue.Duration duration ? duration.Seconds : -1;
}
