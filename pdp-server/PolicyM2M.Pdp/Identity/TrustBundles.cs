using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// The authorities of each trust domain. They are never mixed: whether a domain vouches for a certificate is found out with its own authorities alone, so that those of one
/// domain can neither speak for another nor get in its way. Immutable.
/// </summary>
internal sealed class TrustBundles(IReadOnlyDictionary<string, X509Certificate2Collection> bundles)
{
    private readonly FrozenDictionary<string, X509Certificate2Collection> _bundles = bundles.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly FrozenSet<(string, string)> _roots =
        bundles.SelectMany(bundle => bundle.Value.Select(authority => (bundle.Key, TrustedChain.FingerprintOf(authority)))).ToFrozenSet();

    /// <summary>The trust domains.</summary>
    public IReadOnlyCollection<string> TrustDomains => _bundles.Keys;

    /// <summary>Every authority, of whatever domain.</summary>
    public IEnumerable<X509Certificate2> Authorities => _bundles.Values.SelectMany(bundle => bundle);

    /// <summary>Whether an authority is still one of its domain's.</summary>
    public bool Trusts(TrustedChain chain) => _roots.Contains((chain.TrustDomain, chain.Root));

    /// <summary>The chains to the authorities of every domain that vouches for a certificate, with what else its holder sent.</summary>
    /// <param name="certificate">The leaf.</param>
    /// <param name="sent">Other certificates, to find the way; they are not trusted.</param>
    /// <param name="fault">Why no domain vouches for it.</param>
    public IReadOnlyList<TrustedChain> Verify(X509Certificate2 certificate, X509Certificate2Collection sent, out X509ChainStatus? fault)
    {
        List<TrustedChain> chains = [];
        fault = null;
        foreach ((string domain, X509Certificate2Collection authorities) in _bundles)
        {
            using var chain = new X509Chain { ChainPolicy = PolicyOf(authorities) };
            chain.ChainPolicy.ExtraStore.AddRange(sent);
            if (chain.Build(certificate))
                chains.Add(TrustedChain.Of(domain, chain));
            else if (fault is null || IsStranger(fault.Value))
                fault = chain.ChainStatus is [var first, ..] ? first : null;
            foreach (X509ChainElement element in chain.ChainElements)
                element.Certificate.Dispose();
        }
        if (chains.Count > 0)
            fault = null;
        return chains;
    }

    /// <summary>Trust in these authorities and in no other, for certificates that are in their time and made for clients.</summary>
    public static X509ChainPolicy PolicyOf(IEnumerable<X509Certificate2> authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // Revocation lists are looked at by CallerRules: the platform's own check would fetch them from where a certificate says.
            RevocationMode = X509RevocationMode.NoCheck,
            // A stranger's certificate must not make the server fetch what it names.
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities.ToArray());
        policy.ApplicationPolicy.Add(new Oid(X509Svid.ClientAuthentication));
        return policy;
    }

    private static bool IsStranger(X509ChainStatus status) => status.Status is X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain;
}
