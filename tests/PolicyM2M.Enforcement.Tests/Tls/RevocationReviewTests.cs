using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Enforcement.Tls.Review;
using PolicyM2M.Testing;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>A chain of a device and the authority that issued to it, held against lists.</summary>
internal sealed class RevocationReviewTests
{
    [TestCase("soft")]
    [TestCase("hard")]
    public void That_an_authority_is_revoked_is_said_before_that_the_list_of_the_device_s_own_is_missing(string revocation)
    {
        using var folder = new TemporaryFolder();
        using var root = TestAuthority.Root("Root");
        using TestAuthority issuing = root.Below("Issuing");
        using X509Certificate2 device = issuing.Issue(new CertificateTerms { Subject = "CN=Device" });
        root.Revoke(issuing.Certificate);
        root.WriteCrl(folder["root.crl"]);
        Refusal? refusal = RevocationReview.Of(TestOutcomes.Auth($"mutual required; methods x509; revocation {revocation}"), [Member(device, issuing), Member(issuing.Certificate, root)],
            new RevocationListFiles(folder["root.crl"]).Read(), TimeProvider.System.GetUtcNow());
        Assert.That((refusal?.Reason, refusal?.Detail), Is.EqualTo((EnforcementReason.CertificateRevoked, "`CN=Device`: an authority in its chain is revoked")));
    }

    private static ChainMember Member(X509Certificate2 certificate, TestAuthority issuer) =>
        new(certificate.Subject, new ChainLink(certificate.SerialNumber, CrlIssuer.Of(issuer.Certificate)), certificate.NotBefore, certificate.NotAfter);
}
