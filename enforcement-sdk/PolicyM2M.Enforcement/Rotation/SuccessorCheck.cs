using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// Holds what an issuer gave against what was asked for. An issuer, or who stands in for it, must not be able to give the device another name, another key, fewer
/// uses or another authority.
/// </summary>
internal static class SuccessorCheck
{
    /// <summary>More than any chain has.</summary>
    public const int MostCertificates = 16;

    /// <summary>A successor may wait for its validity to begin, as where the clocks of issuer and device differ; but not for long.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>How closely the beginning of a successor bears out the system clock: some issuers date back by an hour.</summary>
    private static readonly TimeSpan Agreement = TimeSpan.FromHours(2);

    /// <summary>What is wrong with it; null where nothing is.</summary>
    /// <param name="given">The certificates that came, in any order, in DER.</param>
    /// <param name="current">The credential in use.</param>
    /// <param name="key">The key that it was asked for with.</param>
    /// <param name="authorities">The only ones believed.</param>
    /// <param name="now">The time: the latest moment ever seen.</param>
    /// <param name="system">The system clock, where it is known that nobody can have issued the successor before it was asked for; otherwise the time.</param>
    /// <param name="successor">The successor.</param>
    public static string? Fault(IReadOnlyList<ReadOnlyMemory<byte>> given, X509Certificate2 current, AsymmetricAlgorithm key, X509Certificate2Collection authorities, DateTimeOffset now,
        DateTimeOffset system, out CheckedSuccessor? successor)
    {
        successor = null;
        if (given.Count is 0 or > MostCertificates)
            return given.Count == 0 ? "no certificate came" : $"{given.Count} certificates came";
        var all = new X509Certificate2Collection();
        try
        {
            foreach (ReadOnlyMemory<byte> encoded in given)
                all.Add(X509CertificateLoader.LoadCertificate(encoded.Span));
            byte[] publicKey = key.ExportSubjectPublicKeyInfo();
            // A renewal that keeps the key has the key of the one in use too.
            X509Certificate2[] others = [.. all.Where(certificate => !IsSame(certificate, current))];
            X509Certificate2? leaf = others.FirstOrDefault(certificate => certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey));
            if (leaf is null)
                return others.Length < all.Count ? "the certificate that came is the one in use" : "the certificate that came is not for the key of the request";
            bool isBySystemClock = BearsOut(leaf, system, now);
            DateTimeOffset at = isBySystemClock ? system : now;
            string? fault = FaultOf(leaf, current, at) ?? FaultOfChain(leaf, all, authorities, at, out successor);
            successor = successor is null ? null : successor with { IsBySystemClock = isBySystemClock };
            return fault;
        }
        catch (CryptographicException malformed)
        {
            return $"a certificate that came is malformed: {malformed.Message}";
        }
        finally
        {
            foreach (X509Certificate2 certificate in all)
                certificate.Dispose();
        }
    }

    /// <summary>
    /// Whether the issuer bears out a system clock that stands far behind the latest moment seen. A clock that once stood far ahead would otherwise make every successor end before it came, for ever.
    /// </summary>
    private static bool BearsOut(X509Certificate2 leaf, DateTimeOffset system, DateTimeOffset now) =>
        now - system > Agreement && (leaf.NotBefore.ToUniversalTime() - system.UtcDateTime).Duration() <= Agreement;

    private static string? FaultOf(X509Certificate2 leaf, X509Certificate2 current, DateTimeOffset now)
    {
        if (!SubjectNames.AreSame(leaf, current))
            return $"it is for another name: `{leaf.Subject}` with other alternative names than `{current.Subject}` has";
        if (leaf.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority))
            return "it is an authority's, not a device's";
        string[] lost = [.. Uses(current).Except(Uses(leaf))];
        if (Uses(leaf).Length > 0 && lost.Length > 0)
            return $"it may not be used for what the one in use may: {string.Join(", ", lost)}";
        if (leaf.NotAfter.ToUniversalTime() <= now)
            return $"it ended {leaf.NotAfter.ToUniversalTime():u}";
        return leaf.NotBefore.ToUniversalTime() > now + LongestWait ? $"it is valid only from {leaf.NotBefore.ToUniversalTime():u}: one of the clocks is wrong" : null;
    }

    private static string? FaultOfChain(X509Certificate2 leaf, X509Certificate2Collection all, X509Certificate2Collection authorities, DateTimeOffset now, out CheckedSuccessor? successor)
    {
        successor = null;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(all);
        DateTime begins = leaf.NotBefore.ToUniversalTime();
        chain.ChainPolicy.VerificationTime = begins > now.UtcDateTime ? begins : now.UtcDateTime;
        if (!chain.Build(leaf))
            return $"no authority of this credential vouches for it: {string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())}";
        X509Certificate2[] path = [.. chain.ChainElements.Select(element => element.Certificate)];
        bool isAnchored = path.Length > 1 && authorities.Any(authority => IsSame(authority, path[^1]));
        IEnumerable<X509Certificate2> sent = isAnchored ? path[..^1] : path;
        successor = new CheckedSuccessor(
            string.Concat(sent.Select(certificate => certificate.ExportCertificatePem() + "\n")),
            path.Min(certificate => (DateTimeOffset)certificate.NotAfter.ToUniversalTime()));
        foreach (X509Certificate2 certificate in path)
            certificate.Dispose();
        return null;
    }

    private static bool IsSame(X509Certificate2 one, X509Certificate2 other) => one.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    private static string[] Uses(X509Certificate2 certificate) =>
        [.. certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(extension => extension.EnhancedKeyUsages.Cast<Oid>()).Select(use => use.Value!)];
}

/// <summary>A successor that is what was asked for.</summary>
/// <param name="ChainPem">The certificate, and the intermediates that it needs, in PEM.</param>
/// <param name="ChainEnd">When the first certificate of the chain, its authority included, ends.</param>
internal sealed record CheckedSuccessor(string ChainPem, DateTimeOffset ChainEnd)
{
    /// <summary>Whether it bears out the system clock, and was judged by that: the latest moment seen was never.</summary>
    public bool IsBySystemClock { get; init; }
}
