using System.Collections.Immutable;
using System.Net.Security;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>What a <see cref="TlsEnforcer"/> goes by. Immutable.</summary>
public sealed record TlsEnforcerOptions
{
    /// <summary>Gives the decisions, anew for every handshake.</summary>
    public required TlsDecisionSource Decisions { get; init; }

    /// <summary>Whom this end believes.</summary>
    public required TlsTrust Trust { get; init; }

    /// <summary>
    /// Gives what this end authenticates with, anew for every handshake, so that a renewed one is used at once; null, or one that gives null,
    /// where it has nothing. A server must have one.
    /// </summary>
    public Func<TlsCredential?>? Credential { get; init; }

    /// <summary>The application protocols (ALPN) that are offered or accepted; none for none.</summary>
    public ImmutableArray<SslApplicationProtocol> ApplicationProtocols { get; init; } = [];

    /// <summary>
    /// Gives a task that completes when the decisions may be others: then live connections are held against them at once, and not only when it is time. <see cref="PolicyClient.NextChange"/> is one; null for none.
    /// </summary>
    public Func<Task>? NextChange { get; init; }

    /// <summary>How often a live connection is held against the decisions of that moment.</summary>
    public TimeSpan CheckEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a handshake may take.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the decisions may be waited for. Who has none by then makes no connection, or keeps none.</summary>
    public TimeSpan DecisionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock by which certificates, revocation lists and ages are judged: <see cref="PolicyClient.Time"/>, which no system clock that is set back turns back.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal Task Changed => NextChange?.Invoke() ?? Task.Delay(Timeout.Infinite);

    /// <summary>Hears of every connection that was refused or ended, for a log.</summary>
    public Action<Refusal>? OnRefusal { get; init; }
}
