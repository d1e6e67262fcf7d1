using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Enforcement.Tls.Review;

/// <summary>Whether a peer is who it must be, while the handshake can still be refused to its face. Pure.</summary>
internal static class PeerReview
{
    private const X509ChainStatusFlags OutOfTime = X509ChainStatusFlags.NotTimeValid;

    public static Refusal? Of(Outcome auth, TlsTrust trust, PresentedCertificate? peer, X509Chain? chain, SslPolicyErrors errors, bool isServer, DateTimeOffset now)
    {
        if (peer is null)
            return isServer && auth.RankOf(Field.Mutual) == 0 ? null : new(EnforcementReason.NoPeerCertificate, "the peer has shown no certificate");
        return Chain(peer, chain, errors) ?? CertificateReview.OfEither(auth, peer, "the peer's", now) ?? Name(trust, peer, errors);
    }

    private static Refusal? Chain(PresentedCertificate peer, X509Chain? chain, SslPolicyErrors errors)
    {
        if (!errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            return null;
        X509ChainStatus[] faults = [.. chain?.ChainStatus ?? []];
        // Who is not vouched for is nobody, whatever else is wrong with it.
        return faults.Length > 0 && faults.All(fault => fault.Status == OutOfTime)
            ? new(EnforcementReason.CertificateExpired, $"the peer's certificate, valid from {peer.NotBefore:u} to {peer.NotAfter:u}, or an authority above it is not in its time")
            : new(EnforcementReason.UntrustedCertificate, $"no authority that is trusted vouches for the peer's certificate: {string.Join(", ", faults.Select(fault => fault.Status))}");
    }

    private static Refusal? Name(TlsTrust trust, PresentedCertificate peer, SslPolicyErrors errors)
    {
        if (!trust.PeerIds.IsEmpty)
        {
            return peer.Id is { } id && trust.PeerIds.Contains(id) ? null
                : new(EnforcementReason.WrongIdentity, $"the peer is {peer.Id ?? "without a SPIFFE ID"}, and expected is {string.Join(" or ", trust.PeerIds)}");
        }
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? new(EnforcementReason.WrongIdentity, "the peer's certificate is for another host") : null;
    }
}
