namespace PolicyM2M.Enforcement.Rotation.Est;

/// <summary>An EST server.</summary>
public sealed record EstOptions
{
    /// <summary>Its well-known path, such as <c>https://ca.example/.well-known/est</c>, with a label after it where it has several authorities (RFC 7030, 3.2.2).</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The only authorities that the server's own certificate may come from, PEM. RFC 7030 calls them the explicit trust anchors.</summary>
    public required string TrustPath { get; init; }

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock, for a server that says at which time to ask again.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
