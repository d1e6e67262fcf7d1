using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using PolicyM2M.Enforcement.Tls.Witness;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>
/// Makes TLS connections that are what was decided, or none. Each handshake asks for the decisions anew; where they deny, or this stack cannot do
/// what they demand, no byte is sent. What came of the handshake is verified before the application sees the connection, and again while it lives.
/// Safe for all threads.
/// </summary>
public sealed class TlsEnforcer
{
    /// <summary>One that goes by these options.</summary>
    public TlsEnforcer(TlsEnforcerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
    }

    internal TlsEnforcerOptions Options { get; }

    /// <summary>How the decisions of this moment fit this TLS stack; for a check before it matters.</summary>
    public async ValueTask<TlsTranslation> TranslateAsync(CancellationToken cancellation = default) =>
        TlsTranslator.Of(await TlsDecisions.AskAsync(Options, Options.DecisionTimeout, cancellation).ConfigureAwait(false), Options.Credential?.Invoke(), Options.Time.GetUtcNow());

    /// <summary>Makes the client's side of a connection.</summary>
    /// <param name="transport">The stream to the server; closed where the connection is refused.</param>
    /// <param name="host">The server's name, to which its certificate is held unless <see cref="TlsTrust.PeerIds"/> names somebody.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="EnforcementException">The connection may not be.</exception>
    /// <exception cref="IOException">The transport failed.</exception>
    public Task<EnforcedConnection> ConnectAsync(Stream transport, string host, CancellationToken cancellation = default) =>
        ConnectAsync(transport, host, Options.ApplicationProtocols, cancellation);

    internal Task<EnforcedConnection> ConnectAsync(Stream transport, string host, ImmutableArray<SslApplicationProtocol> protocols, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        return HandshakeAsync(transport, isServer: false, (attempt, stream, bound) => stream.AuthenticateAsClientAsync(attempt.ClientOptions(host, protocols), bound), cancellation);
    }

    /// <summary>Makes the server's side of a connection.</summary>
    /// <param name="transport">The stream to the client; closed where the connection is refused.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="EnforcementException">The connection may not be.</exception>
    /// <exception cref="IOException">The transport failed.</exception>
    public Task<EnforcedConnection> AcceptAsync(Stream transport, CancellationToken cancellation = default) =>
        HandshakeAsync(transport, isServer: true, (attempt, stream, bound) => stream.AuthenticateAsServerAsync(attempt.ServerOptions(), bound), cancellation);

    /// <summary>Begins a handshake whose streams the caller makes itself.</summary>
    /// <exception cref="EnforcementException">The connection may not be.</exception>
    internal async ValueTask<HandshakeAttempt> BeginAsync(bool isServer, CancellationToken cancellation)
    {
        // Taken before the decisions: what changes after they were asked for is not missed.
        Task changed = Options.Changed;
        var attempt = new HandshakeAttempt(Options, await DecisionsAsync(cancellation).ConfigureAwait(false), isServer) { Changed = changed };
        if (attempt.Translation.Refusal is { } refusal)
            throw Refused(refusal);
        return isServer && attempt.Credential is null ? throw Refused(new(EnforcementReason.NotMutual, "this server has no credential")) : attempt;
    }

    private async Task<TlsDecisions> DecisionsAsync(CancellationToken cancellation)
    {
        try
        {
            return await TlsDecisions.AskAsync(Options, Options.DecisionTimeout, cancellation).ConfigureAwait(false);
        }
        catch (Exception none) when (!cancellation.IsCancellationRequested)
        {
            throw Refused(new(EnforcementReason.DecisionDenied, $"there are no decisions: {none.Message}"), none);
        }
    }

    /// <summary>Verifies a handshake that is done, and watches over its connection from then on.</summary>
    /// <param name="attempt">The handshake.</param>
    /// <param name="stream">Its stream.</param>
    /// <param name="abort">Ends the connection at once.</param>
    /// <exception cref="EnforcementException">It is not what was decided.</exception>
    internal EnforcedConnection Finish(HandshakeAttempt attempt, SslStream stream, Action abort)
    {
        NegotiatedTls negotiated = attempt.Negotiated(stream);
        if (attempt.Review(negotiated) is { } refusal)
            throw Refused(refusal);
        return new EnforcedConnection(Options, attempt, negotiated, stream, abort);
    }

    internal EnforcementException Refused(Refusal refusal, Exception? cause = null)
    {
        EventHandling.Tell(Options.OnRefusal, refusal);
        return new EnforcementException(refusal, cause);
    }

    private async Task<EnforcedConnection> HandshakeAsync(
        Stream transport, bool isServer, Func<HandshakeAttempt, SslStream, CancellationToken, Task> authenticate, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(transport);
        SslStream? stream = null;
        HandshakeAttempt? attempt = null;
        try
        {
            attempt = await BeginAsync(isServer, cancellation).ConfigureAwait(false);
            var witnessed = new WitnessStream(transport, attempt.Witness, isServer);
            stream = new SslStream(witnessed);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            bound.CancelAfter(Options.HandshakeTimeout);
            await authenticate(attempt, stream, bound.Token).ConfigureAwait(false);
            EnforcedConnection connection = Finish(attempt, stream, transport.Dispose);
            witnessed.Disposed = connection.Release;
            return connection;
        }
        catch (Exception failure)
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
            await transport.DisposeAsync().ConfigureAwait(false);
            if (attempt is not null && failure is AuthenticationException or IOException && failure is not EnforcementException
                && attempt.Explain(failure) is var refusal && (failure is AuthenticationException || refusal.Reason != EnforcementReason.HandshakeFailed))
                throw Refused(refusal, failure);
            if (failure is OperationCanceledException && !cancellation.IsCancellationRequested)
                throw Refused(new(EnforcementReason.HandshakeFailed, $"the handshake took longer than {Options.HandshakeTimeout}"), failure);
            throw;
        }
    }
}
