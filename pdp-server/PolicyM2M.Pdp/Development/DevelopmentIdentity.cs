namespace PolicyM2M.Pdp.Development;

/// <summary>Somebody for whom the first start makes a certificate.</summary>
/// <param name="File">The name of its files.</param>
/// <param name="Path">The path of its SPIFFE ID.</param>
/// <param name="IsServer">Whether it also answers to the names of this machine.</param>
internal sealed record DevelopmentIdentity(string File, string Path, bool IsServer = false)
{
    public const string TrustDomain = "dev.policym2m.example";

    /// <summary>Everybody that a first decision, and a look at what is recorded of it, takes.</summary>
    public static IReadOnlyList<DevelopmentIdentity> All { get; } =
    [
        new("server", "/pdp", IsServer: true),
        new("device", "/device/plc-0042"),
        new("gateway", "/gateway/gw-plant7"),
        new("operator", "/operator/dev"),
        new("auditor", "/auditor/dev"),
    ];

    public string SpiffeId => $"spiffe://{TrustDomain}{Path}";
}
