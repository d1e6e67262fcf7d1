namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>The table of downgrades, as the page has it.</summary>
internal static partial class Downgrades
{
    public static IReadOnlyList<Downgrade> All => [.. OfServers, .. OfClients];
}
