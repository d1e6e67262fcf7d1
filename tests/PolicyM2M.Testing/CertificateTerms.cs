using System.Security.Cryptography;

namespace PolicyM2M.Testing;

/// <summary>What a certificate of a <see cref="TestAuthority"/> says.</summary>
public sealed record CertificateTerms
{
    /// <summary>The subject's name.</summary>
    public string Subject { get; init; } = "CN=test";

    /// <summary>The URIs of its alternative names.</summary>
    public string[] Uris { get; init; } = [];

    /// <summary>The DNS names of its alternative names.</summary>
    public string[] Dns { get; init; } = [];

    /// <summary>What its key may be used for, as object identifiers of extended key usage; none for a certificate that does not say.</summary>
    public string[] Usages { get; init; } = [];

    /// <summary>The curve of its key, where that is no RSA key.</summary>
    public ECCurve Curve { get; init; } = ECCurve.NamedCurves.nistP256;

    /// <summary>The bits of its RSA key; null for a key on a curve.</summary>
    public int? RsaBits { get; init; }

    /// <summary>From when it is valid, from now; negative for the past.</summary>
    public TimeSpan NotBefore { get; init; } = TimeSpan.FromMinutes(-4);

    /// <summary>Until when it is valid, from now; negative for the past.</summary>
    public TimeSpan NotAfter { get; init; } = TimeSpan.FromDays(1);
}
