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

    /// <summary>Until when they may be used, by the clock of <see cref="TlsEnforcerOptions.Time"/>: a connection is held against new ones by then. Null where nothing bounds it.</summary>
    public DateTimeOffset? UsableUntil { get; init; }

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

    /// <summary>Picks the two out of a client's answers, with the end of what they rest on. One that is not there is a denial.</summary>
    /// <exception cref="ArgumentException">Two answers are of one kind.</exception>
    public static TlsDecisions From(IEnumerable<DeviceDecision> decisions)
    {
        DeviceDecision[] both = [.. decisions.Where(decision => decision.Kind is DecisionKind.CipherSuites or DecisionKind.Auth)];
        return From(both.Select(decision => decision.Outcome)) with { UsableUntil = both.Min(decision => decision.UsableUntil) };
    }

    /// <summary>Asks for them, and no longer than they may be waited for.</summary>
    /// <exception cref="TimeoutException">They did not come in time.</exception>
    internal static async Task<TlsDecisions> AskAsync(TlsEnforcerOptions options, TimeSpan atMost, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(atMost, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        Task<TlsDecisions> asked = options.Decisions(either.Token).AsTask();
        try
        {
            // Whoever gives them may not look at the token.
            return await asked.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"they did not come within {atMost}");
        }
    }

    /// <summary>Why they allow nothing now; null where they may.</summary>
    internal string? DenialAt(DateTimeOffset now) => Denial ?? (now >= UsableUntil ? $"what was decided could be used until {UsableUntil:u}" : null);

    private static Outcome Missing(DecisionKind kind) => Outcome.Deny(kind, $"there is no decision of {kind.Name()}");

    private static Outcome Of(DecisionKind kind, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return outcome.Kind == kind ? outcome : throw new ArgumentException($"an outcome of {outcome.Kind.Name()} stands in the place of one of {kind.Name()}");
    }
}
