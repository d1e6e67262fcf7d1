using System.Collections.Frozen;
using System.Net;
using PolicyM2M.Pdp.Rollouts;
using PolicyM2M.Store.Remotes;

namespace PolicyM2M.Pdp.Startup;

/// <summary>What the user asked for, on the command line or beside it.</summary>
/// <param name="Git">A Git repository, a folder inside one, or the URL of a remote one.</param>
/// <param name="Ref">The branch, tag or commit that is served and followed.</param>
/// <param name="Folder">The policy set's folder within the repository.</param>
/// <param name="Listen">Where to listen; port 0 lets the system choose.</param>
/// <param name="Data">The data folder: certificates, registry. Null for <c>.policym2m</c> in the work tree around the current folder.</param>
/// <param name="Poll">How often the repository is looked at.</param>
/// <param name="AllowTls12">Whether callers may come over TLS 1.2 as well as 1.3.</param>
/// <param name="Accept">The beginning of the id of a commit that may be served although it does not follow the one served last; null for none.</param>
internal sealed record PdpOptions(string Git, string Ref, string Folder, IPEndPoint Listen, string? Data, TimeSpan Poll, bool AllowTls12 = false, string? Accept = null)
{
    /// <summary>Whether a server that others can reach may have certificates for development.</summary>
    public bool Development { get; init; }

    /// <summary>Whether this server may have them.</summary>
    public bool MayBeForDevelopment => Development || IPAddress.IsLoopback(Listen.Address);

    /// <summary>A commit is served seconds after it was made, and a look costs next to nothing.</summary>
    public static readonly TimeSpan UsualPoll = TimeSpan.FromSeconds(2);

    /// <summary>Often enough for people who wait, and seldom enough for the host of the repository.</summary>
    public static readonly TimeSpan UsualFetch = TimeSpan.FromSeconds(30);

    /// <summary>How often a remote is fetched.</summary>
    public TimeSpan Fetch { get; init; } = UsualFetch;

    /// <summary>How to be let in at a remote.</summary>
    public RemoteAccess Access { get; init; } = new();

    /// <summary>How new commits enter; null where they become active at once.</summary>
    public RolloutStage? Rollout { get; init; }

    /// <summary>Where Git hosts may tell of a push; null for nowhere.</summary>
    public IPEndPoint? Webhook { get; init; }

    /// <summary>The file with the secret by which they prove who they are.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>The file that says whose signatures of commits count; null where none do.</summary>
    public string? AllowedSigners { get; init; }

    /// <summary>Whether only a commit that one of them signed is served.</summary>
    public bool RequireSigned { get; init; }

    /// <summary>Longer than a database takes to start anew, shorter than somebody waits for a quarantine to count.</summary>
    public static readonly TimeSpan UsualGrace = TimeSpan.FromSeconds(10);

    /// <summary>Where the registry is kept, in a form of <see cref="RegistryOption"/>; null for SQLite in the data folder.</summary>
    public string? RegistryDb { get; init; }

    /// <summary>How long the copy of the registry may be used that cannot be found in step with the database.</summary>
    public TimeSpan RegistryGrace { get; init; } = UsualGrace;

    /// <summary>Long enough for a site that is cut off over a holiday, short enough that a device which was revoked meanwhile does not decide for itself for ever.</summary>
    public static readonly TimeSpan UsualBundleValidity = TimeSpan.FromDays(7);

    /// <summary>How long after it was fetched decisions may be made from a bundle.</summary>
    public TimeSpan BundleValidity { get; init; } = UsualBundleValidity;

    /// <summary>As long as that of a bundle: a device that heard nothing for a week is not believed to be as it was.</summary>
    public static readonly TimeSpan UsualStatementValidity = UsualBundleValidity;

    /// <summary>How long what is stated of a device may hold at most while nobody answers it.</summary>
    public TimeSpan StatementValidity { get; init; } = UsualStatementValidity;

    /// <summary>Which options the environment or a file set, and where: whoever reads a fault looks for the option on the command line.</summary>
    public IReadOnlyDictionary<string, string> Places { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>What is recorded, and how.</summary>
    public AuditOptions Audit { get; init; } = new();

    /// <summary>Who may call, and how much.</summary>
    public CallerOptions Callers { get; init; } = new();

    /// <summary>How it is seen from outside, and how it ends.</summary>
    public SightOptions Sight { get; init; } = new();
}
