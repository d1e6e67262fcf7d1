using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Asks the authority itself, without a network between; or answers as the test says.</summary>
internal sealed class IssuerRenewal(TestIssuer issuer) : IRenewal
{
    public TimeSpan Life { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Makes certificates other than asked for.</summary>
    public Func<CertificateRequest, CertificateRequest>? Change { get; set; }

    /// <summary>When certificates begin; null for a minute ago.</summary>
    public DateTimeOffset? From { get; set; }

    /// <summary>Answers instead of the authority.</summary>
    public RenewalAnswer? Instead { get; set; }

    public List<(RotationCause Cause, byte[] Key)> Asked { get; } = [];

    public Task<RenewalAnswer> RenewAsync(RenewalRequest request, CancellationToken cancellation)
    {
        CertificateRequest asked = CertificateRequest.LoadSigningRequest(request.SigningRequest.ToArray(), System.Security.Cryptography.HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        Asked.Add((request.Cause, asked.PublicKey.ExportSubjectPublicKeyInfo()));
        if (Instead is not null)
            return Task.FromResult(Instead);
        using X509Certificate2 issued = issuer.Issue(request.SigningRequest.ToArray(), Life, Change, From);
        return Task.FromResult<RenewalAnswer>(new RenewalAnswer.Issued([issued.RawData, issuer.Intermediate.RawData]));
    }
}
