using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Tls.Review;
using PolicyM2M.Enforcement.Tls.Witness;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>One handshake: what was decided for it, the settings that follow, and what was found. Belongs to that handshake alone.</summary>
internal sealed class HandshakeAttempt
{
    private readonly TlsEnforcerOptions _options;
    private readonly RevocationListFiles.Content? _lists;
    private readonly DateTimeOffset _now;
    private readonly PresentedCertificate? _own;
    private PresentedCertificate? _peer;
    private Refusal? _refusal;

    public HandshakeAttempt(TlsEnforcerOptions options, TlsDecisions decisions, bool isServer)
    {
        _options = options;
        _now = options.Time.GetUtcNow();
        _lists = options.Trust.RevocationLists?.Read();
        Decisions = decisions;
        IsServer = isServer;
        Credential = options.Credential?.Invoke();
        _own = Credential is null ? null : PresentedCertificate.Of(Credential.Certificate);
        Translation = TlsTranslator.Of(decisions, Credential, _now);
    }

    public TlsDecisions Decisions { get; }

    /// <summary>Completes when the decisions may be others than those of this handshake.</summary>
    public required Task Changed { get; init; }

    public bool IsServer { get; }

    public TlsCredential? Credential { get; }

    public TlsTranslation Translation { get; }

    /// <summary>What was said in the open; every stream of this handshake reports to it.</summary>
    public HandshakeWitness Witness { get; } = new();

    public SslClientAuthenticationOptions ClientOptions(string host, ImmutableArray<SslApplicationProtocol> protocols) => new()
    {
        TargetHost = host,
        ApplicationProtocols = protocols.IsEmpty ? null : [.. protocols],
        EnabledSslProtocols = Translation.Protocols,
        CipherSuitesPolicy = Translation.Policy,
        AllowTlsResume = Translation.AllowsResumption,
        AllowRenegotiation = false,
        ClientCertificateContext = Credential?.Context,
        CertificateChainPolicy = _options.Trust.ChainPolicy(_now),
        RemoteCertificateValidationCallback = Validate,
    };

    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ApplicationProtocols = _options.ApplicationProtocols.IsEmpty ? null : [.. _options.ApplicationProtocols],
        EnabledSslProtocols = Translation.Protocols,
        CipherSuitesPolicy = Translation.Policy,
        AllowTlsResume = Translation.AllowsResumption,
        AllowRenegotiation = false,
        ServerCertificateContext = Credential?.Context,
        // It is asked for even where it is optional: whether none is enough is judged below, by the decision.
        ClientCertificateRequired = true,
        CertificateChainPolicy = _options.Trust.ChainPolicy(_now),
        RemoteCertificateValidationCallback = Validate,
    };

    /// <summary>What the handshake came to.</summary>
    public NegotiatedTls Negotiated(SslStream stream) => new()
    {
        Protocol = stream.SslProtocol,
        Suite = stream.NegotiatedCipherSuite,
        Group = TlsRegistry.Groups.Values.FirstOrDefault(group => group.CodePoint == Witness.Group)?.Name,
        IsMutual = stream.IsMutuallyAuthenticated,
        IsServer = IsServer,
        IsResumed = Witness.IsResumed,
        EarlyDataOffered = Witness.Client?.OffersEarlyData ?? false,
        PeerSignature = IsServer ? Witness.ClientSignature : Witness.ServerSignature,
        OwnSignature = IsServer ? Witness.ServerSignature : Witness.ClientSignature,
        Peer = _peer,
        Credential = IsServer || stream.IsMutuallyAuthenticated ? Credential : null,
        Own = IsServer || stream.IsMutuallyAuthenticated ? _own : null,
    };

    /// <summary>Why what was negotiated is not what was decided; null where it is.</summary>
    public Refusal? Review(NegotiatedTls negotiated) => HandshakeReview.Of(Decisions, negotiated, _lists, _now);

    /// <summary>Why the handshake failed, as far as this end can tell.</summary>
    public Refusal Explain(Exception failure) => _refusal ?? FailedHandshake.Explain(Decisions.CipherSuites, Witness, IsServer, failure);

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is X509Certificate2 shown)
            _peer = PresentedCertificate.Of(shown, chain);
        _refusal = PeerReview.Of(Decisions.Auth, _options.Trust, _peer, chain, errors, IsServer, _now)
            ?? (_peer is null ? null : RevocationReview.Of(Decisions.Auth, _peer.Chain, _lists, _now));
        return _refusal is null;
    }
}
