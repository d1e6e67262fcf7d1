using System.Net;

namespace PolicyM2M.Pdp.Startup;

/// <summary>What the user asked for on the command line.</summary>
/// <param name="Git">A Git repository, or a folder inside one.</param>
/// <param name="Ref">The branch, tag or commit that is served and followed.</param>
/// <param name="Folder">The policy set's folder within the repository.</param>
/// <param name="Listen">Where to listen; port 0 lets the system choose.</param>
/// <param name="Data">The data folder: certificates, registry. Null for <c>.policym2m</c> in the work tree around the current folder.</param>
/// <param name="Poll">How often the repository and the registry are looked at.</param>
/// <param name="AllowTls12">Whether callers may come over TLS 1.2 as well as 1.3.</param>
/// <param name="Accept">The beginning of the id of a commit that may be served although it does not follow the one served last; null for none.</param>
internal sealed record PdpOptions(string Git, string Ref, string Folder, IPEndPoint Listen, string? Data, TimeSpan Poll, bool AllowTls12 = false, string? Accept = null)
{
    /// <summary>Who may call, and how much.</summary>
    public CallerOptions Callers { get; init; } = new();
}
