using System.Collections.Immutable;

namespace PolicyM2M.Agent.Configuration;

/// <summary>How the gateway's own credential is renewed.</summary>
/// <param name="Trust">The only authorities that a successor may come from, PEM.</param>
internal abstract record RenewalOptions(string Trust)
{
    /// <summary>By an EST server (RFC 7030).</summary>
    /// <param name="Trust">As above.</param>
    /// <param name="Endpoint">Its well-known path.</param>
    /// <param name="ServerTrust">The only authorities that the server's own certificate may come from, PEM.</param>
    public sealed record Est(string Trust, Uri Endpoint, string ServerTrust) : RenewalOptions(Trust);

    /// <summary>By a program.</summary>
    /// <param name="Trust">As above.</param>
    /// <param name="Program">Its path.</param>
    /// <param name="Arguments">Its arguments, each passed as it is; no shell reads them.</param>
    public sealed record Command(string Trust, string Program, ImmutableArray<string> Arguments) : RenewalOptions(Trust);
}
