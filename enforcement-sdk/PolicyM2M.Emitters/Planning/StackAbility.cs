using System.Collections.Immutable;
using PolicyM2M.Emitters.Names;

namespace PolicyM2M.Emitters.Planning;

/// <summary>What the configuration of a stack can do about the resumption of sessions.</summary>
internal enum SessionControl
{
    /// <summary>Switch it off.</summary>
    Switch,

    /// <summary>Switch it off in TLS 1.3 only.</summary>
    SwitchInTls13,

    /// <summary>Nothing, and nothing is needed: the stack never resumes.</summary>
    Never,

    /// <summary>Nothing, but no session outlives the process.</summary>
    EndsWithProcess,
}

/// <summary>For which certificates of the other end a stack looks into revocation lists that its configuration names.</summary>
internal enum RevocationReach
{
    /// <summary>None: it is given no lists.</summary>
    None,

    /// <summary>The end's own.</summary>
    Leaf,

    /// <summary>All below the root.</summary>
    Chain,
}

/// <summary>What the configuration of one stack, in one role, can say.</summary>
/// <param name="Stack">What messages call it.</param>
/// <param name="Dialect">Its words.</param>
internal sealed record StackAbility(string Stack, Dialect Dialect)
{
    /// <summary>Whether it speaks DTLS 1.2. None of the stacks speaks DTLS 1.3.</summary>
    public bool Dtls { get; init; }

    /// <summary>Whether it may be told code points of DTLS 1.3 too, whatever the program behind makes of them.</summary>
    public bool Dtls13 { get; init; }

    /// <summary>Whether it has parameters for DHE suites.</summary>
    public bool FiniteFields { get; init; }

    /// <summary>Whether it takes one version only, and not a range.</summary>
    public bool OneVersion { get; init; }

    /// <summary>Suites of TLS 1.3 that it always offers, in an order of its own; empty where they can be chosen.</summary>
    public ImmutableArray<string> FixedTls13Suites { get; init; } = [];

    /// <summary>What it can do about the resumption of sessions.</summary>
    public SessionControl Sessions { get; init; }

    /// <summary>Whether it can limit how long a session of TLS 1.2 lasts, all resumptions included.</summary>
    public bool LimitsTls12Sessions { get; init; }

    /// <summary>Whether it picks among the client's groups by its own order in TLS 1.3.</summary>
    public bool KeepsGroupOrder { get; init; } = true;

    /// <summary>Whether certificates and keys are files that the configuration names; otherwise the program has them.</summary>
    public bool NamesFiles { get; init; } = true;

    /// <summary>Whether it can demand that a certificate is a SPIFFE ID.</summary>
    public bool ChecksSpiffe { get; init; }

    /// <summary>Whether a scheme of TLS 1.3 binds the kind of key, curve included, of who signs with it.</summary>
    public bool BindsKeys { get; init; }

    /// <summary>For which certificates it looks into revocation lists.</summary>
    public RevocationReach Revocation { get; init; }

    /// <summary>Whether it is a service of systemd, whose connections end where that restarts it.</summary>
    public bool EndsByRestart { get; init; }
}
