using System.Net;

namespace PolicyM2M.Pdp.Startup;

/// <summary>What the user asked for on the command line.</summary>
/// <param name="Git">A Git repository, or a folder inside one.</param>
/// <param name="Ref">The branch, tag or commit that is served and followed.</param>
/// <param name="Folder">The policy set's folder within the repository.</param>
/// <param name="Listen">Where to listen; port 0 lets the system choose.</param>
/// <param name="Data">The data folder: certificates, registry. Null for <c>.policym2m</c> in the work tree around the current folder.</param>
/// <param name="Poll">How often the repository is looked at.</param>
/// <param name="AllowTls12">Whether callers may come over TLS 1.2 as well as 1.3.</param>
/// <param name="Accept">The beginning of the id of a commit that may be served although it does not follow the one served last; null for none.</param>
/// <param name="RegistryDb">Where the registry is kept, in a form of <see cref="RegistryOption"/>; null for SQLite in the data folder.</param>
/// <param name="RegistryGrace">How long the copy of the registry may be used that cannot be found in step with the database; null for the usual.</param>
internal sealed record PdpOptions(
    string Git, string Ref, string Folder, IPEndPoint Listen, string? Data, TimeSpan Poll, bool AllowTls12 = false, string? Accept = null,
    string? RegistryDb = null, TimeSpan? RegistryGrace = null)
{
    /// <summary>Longer than a database takes to start anew, shorter than somebody waits for a quarantine to count.</summary>
    public static readonly TimeSpan UsualGrace = TimeSpan.FromSeconds(10);
}
