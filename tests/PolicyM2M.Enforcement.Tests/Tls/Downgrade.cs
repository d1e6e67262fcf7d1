using PolicyM2M.Enforcement.Tls;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>One way to get a connection that is less than what was decided, tried with real TLS.</summary>
/// <param name="What">What is tried, for the table of the page.</param>
/// <param name="End">Which end holds out: <c>client</c> or <c>server</c>.</param>
/// <param name="Peer">Who is at the other end.</param>
/// <param name="Reason">With what it must be refused.</param>
/// <param name="TryAsync">Tries it; gives what refused it.</param>
internal sealed record Downgrade(string What, string End, string Peer, EnforcementReason Reason, Func<TlsWorld, Task<EnforcementException?>> TryAsync)
{
    /// <summary>The line of the table.</summary>
    public string Row => $"| {What} | {End} | {Peer} | `{Reason.Code()}` |";

    /// <inheritdoc/>
    public override string ToString() => $"{End}: {What}";
}
