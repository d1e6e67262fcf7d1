using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity;

/// <summary>The name in a certificate by which a caller is known. Its text is what the log and a denial say; two callers are the same where it is.</summary>
internal abstract record CallerId
{
    private CallerId()
    {
    }

    /// <summary>The SPIFFE ID of an X509-SVID.</summary>
    internal sealed record Spiffe(SpiffeId Id) : CallerId
    {
        public override string ToString() => Id.ToString();
    }

    /// <summary>A DNS name; two trust domains may both issue it, so it is one only with its own.</summary>
    internal sealed record Dns(string Name, string TrustDomain) : CallerId
    {
        public override string ToString() => $"dns:{Name} of {TrustDomain}";
    }

    /// <summary>A subject, with its trust domain for the same reason.</summary>
    internal sealed record Subject(DistinguishedName Name, string TrustDomain) : CallerId
    {
        public override string ToString() => $"subject:{Name} of {TrustDomain}";
    }
}
