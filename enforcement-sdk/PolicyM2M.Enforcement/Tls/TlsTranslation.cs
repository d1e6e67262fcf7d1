using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>How well a decision can be put into the settings of this TLS stack.</summary>
public enum TlsFit
{
    /// <summary>The settings say what the decision says.</summary>
    Exact,

    /// <summary>The settings allow less than the decision, or what they cannot say is verified after the handshake; never more.</summary>
    Approximated,

    /// <summary>There are no such settings: no connection.</summary>
    Infeasible,
}

/// <summary>A decision as settings of .NET's TLS. Immutable.</summary>
public sealed record TlsTranslation
{
    internal TlsTranslation() { }

    /// <summary>How well it fits.</summary>
    public TlsFit Fit => Refusal is not null ? TlsFit.Infeasible : Losses.IsEmpty ? TlsFit.Exact : TlsFit.Approximated;

    /// <summary>Why there are no such settings, or why the decision allows no connection; null where there are.</summary>
    public Refusal? Refusal { get; internal init; }

    /// <summary>What of the decision the settings do not say, one sentence each.</summary>
    public ImmutableArray<string> Losses { get; internal init; } = [];

    /// <summary>The versions that are offered or accepted.</summary>
    public SslProtocols Protocols { get; internal init; }

    /// <summary>The suites that are offered or accepted, in the order of the decision: those that this installation was found to know.</summary>
    public ImmutableArray<TlsCipherSuite> Suites { get; internal init; } = [];

    /// <summary>Whether sessions may be resumed.</summary>
    public bool AllowsResumption { get; internal init; }

    internal CipherSuitesPolicy? Policy { get; init; }
}
