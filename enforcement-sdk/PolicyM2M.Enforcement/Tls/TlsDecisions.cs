using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>Gives what holds now; asked anew for every handshake, and again while a connection lives. It may throw: then there is no connection.</summary>
public delegate ValueTask<TlsDecisions> TlsDecisionSource(CancellationToken cancellation);

/// <summary>The two decisions that a TLS connection is held to.</summary>
/// <param name="CipherSuites">What the channel may use.</param>
/// <param name="Auth">How both ends must authenticate.</param>
public sealed record TlsDecisions(Outcome CipherSuites, Outcome Auth)
{
    /// <summary>What the channel may use.</summary>
    public Outcome CipherSuites { get; } = Of(DecisionKind.CipherSuites, CipherSuites);

    /// <summary>How both ends must authenticate.</summary>
    public Outcome Auth { get; } = Of(DecisionKind.Auth, Auth);

    /// <summary>Why there may be no connection; null where the policies allow one.</summary>
    public string? Denial => CipherSuites.Denial ?? Auth.Denial;

    /// <summary>Picks the two out of the outcomes of all kinds. One that is not there is a denial.</summary>
    /// <exception cref="ArgumentException">Two outcomes are of one kind.</exception>
    public static TlsDecisions From(IEnumerable<Outcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        Outcome? suites = null, auth = null;
        foreach (Outcome outcome in outcomes)
        {
            if (outcome.Kind == DecisionKind.CipherSuites ? suites is not null : outcome.Kind == DecisionKind.Auth && auth is not null)
                throw new ArgumentException($"there are two outcomes of {outcome.Kind.Name()}", nameof(outcomes));
            suites = outcome.Kind == DecisionKind.CipherSuites ? outcome : suites;
            auth = outcome.Kind == DecisionKind.Auth ? outcome : auth;
        }
        return new TlsDecisions(suites ?? Missing(DecisionKind.CipherSuites), auth ?? Missing(DecisionKind.Auth));
    }

    private static Outcome Missing(DecisionKind kind) => Outcome.Deny(kind, $"there is no decision of {kind.Name()}");

    private static Outcome Of(DecisionKind kind, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return outcome.Kind == kind ? outcome : throw new ArgumentException($"an outcome of {outcome.Kind.Name()} stands in the place of one of {kind.Name()}");
    }
}
