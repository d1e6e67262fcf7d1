using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Pdp.Limits;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Judges certificates in the handshake, and says why one is not let in.</summary>
internal sealed class Doorkeeper(CredentialState credentials, CallerRulesState rules, RefusedConnections refused, TimeProvider clock)
{
    private const int LongestName = 200;

    /// <summary>What the server shows now.</summary>
    public TlsCredentials Credentials => credentials.Current;

    /// <summary>Where refusals are told.</summary>
    public RefusedConnections Refused { get; } = refused;

    /// <summary>What a certificate says, where somebody who may come in shows it; otherwise null, and the log knows why.</summary>
    /// <param name="certificate">What was shown.</param>
    /// <param name="presented">With it, the chain that the platform built; it is judged anew, for each trust domain alone.</param>
    /// <param name="trust">The authorities of this handshake.</param>
    /// <param name="peer">Where it comes from.</param>
    public ClientCertificate? Judge(X509Certificate2? certificate, X509Chain? presented, TrustBundles trust, IPAddress? peer)
    {
        if (certificate is null)
        {
            Refused.Connection(peer, new RefusalWords("it showed no client certificate"));
            return null;
        }
        IReadOnlyList<TrustedChain> chains = trust.Verify(certificate, presented?.ChainPolicy.ExtraStore ?? [], out X509ChainStatus? status);
        ClientCertificate? client = null;
        string? fault = chains.Count == 0 ? Words(status, certificate) : null;
        RefusalWords? refusal = fault is null && ClientCertificate.TryRead(certificate, chains, out client, out fault)
            ? rules.Current.Judge(client, clock.GetUtcNow()).Refusal?.Words : new RefusalWords(fault!);
        if (refusal is not { } words)
            return client;
        Refused.Certificate(peer, certificate.Thumbprint, Names(certificate), words);
        return null;
    }

    /// <summary>Who shows this certificate; null where the rules changed their mind since the handshake.</summary>
    public Caller? CallerOf(ClientCertificate certificate) =>
        rules.Current.Judge(certificate, clock.GetUtcNow()) is { Refusal: null, Caller: { } caller } ? caller : null;

    /// <summary>What is kept with a connection.</summary>
    public CallerConnection Connection(ClientCertificate certificate, Caller caller, CallerLoad load) => new(certificate, rules, clock, caller, load);

    /// <summary>Whom a certificate names, for people who know no thumbprints. Anybody may have written it, and it must not steer who reads the log.</summary>
    private static string Names(X509Certificate2 certificate)
    {
        try
        {
            string uri = certificate.GetNameInfo(X509NameType.UrlName, forIssuer: false), subject = certificate.Subject;
            string names = uri.Length == 0 ? subject : subject.Length == 0 ? uri : $"{uri}, {subject}";
            return names.Length == 0 ? "nobody" : string.Concat(names.Take(LongestName).Select(c => char.IsAscii(c) && !char.IsControl(c) ? c : '?'));
        }
        catch (CryptographicException)
        {
            return "somebody in a way that cannot be read";
        }
    }

    /// <summary>The machine's own words for these differ from system to system, and say little.</summary>
    private static string Words(X509ChainStatus? status, X509Certificate2 certificate) => status?.Status switch
    {
        X509ChainStatusFlags.NotValidForUsage => "it is not for client authentication (NotValidForUsage: its extended key usage, or its issuer's, names other uses only)",
        X509ChainStatusFlags.NotTimeValid => $"it is not in its time (NotTimeValid: from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u})",
        X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain => $"no authority of a trust domain issued it ({status.Value.Status})",
        null => "its chain cannot be built",
        _ => $"{status.Value.Status}: {status.Value.StatusInformation.Trim()}",
    };
}
