using PolicyM2M.Testing;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.X509.Tests;

/// <summary>Revocation lists as bytes. They come from files that somebody fetched, so they can be anything.</summary>
[TestFixture]
public sealed class RevocationListReaderTests
{
    [TestCase(false)]
    [TestCase(true)]
    public void A_list_of_openssl_is_read_and_its_signature_is_that_of_its_authority_alone(bool withRsa)
    {
        using var folder = new TemporaryFolder();
        using TestAuthority authority = TestAuthority.Root("Some authority", withRsa), other = TestAuthority.Root("Some authority", withRsa);
        using var lost = authority.Issue();
        authority.Revoke(lost);
        authority.WriteDer(folder["list.der"]);
        authority.WriteCrl(folder["list.pem"]);

        RevocationList der = RevocationListReader.Read(File.ReadAllBytes(folder["list.der"])).Single(), pem = RevocationListReader.Read(File.ReadAllBytes(folder["list.pem"])).Single();

        Assert.That(der.Revoked, Is.EqualTo(new[] { RevocationList.Serial(lost.SerialNumber) }));
        Assert.That((der.IssuerText, der.Number + 1, der.NextUpdate - der.ThisUpdate), Is.EqualTo(("CN=Some authority", pem.Number, TimeSpan.FromDays(2))));
        Assert.That((der.IsSignedBy(CrlIssuer.Of(authority.Certificate)), der.IsSignedBy(CrlIssuer.Of(other.Certificate))), Is.EqualTo((true, false)));
        Assert.That(der.IsSignedBy(CrlIssuer.Of(authority.Certificate) with { MaySign = false }), Is.False);
        Assert.That((der.IsOfAnotherKey(CrlIssuer.Of(authority.Certificate)), der.IsOfAnotherKey(CrlIssuer.Of(other.Certificate))), Is.EqualTo((false, true)));
    }

    /// <summary>A list may have millions of bytes, which nobody should make a server hash again at every look.</summary>
    [Test]
    public void Who_has_signed_a_list_and_who_has_not_is_found_out_once()
    {
        using var folder = new TemporaryFolder();
        using TestAuthority authority = TestAuthority.Root("Some authority"), other = TestAuthority.Root("Some authority");
        authority.WriteDer(folder["list.der"]);
        RevocationList list = RevocationListReader.Read(File.ReadAllBytes(folder["list.der"])).Single();
        CrlIssuer one = CrlIssuer.Of(authority.Certificate), another = CrlIssuer.Of(other.Certificate);

        list.Signature.Value[^1] ^= 1;
        Assert.That((list.IsSignedBy(one), list.IsSignedBy(another)), Is.EqualTo((false, false)));
        list.Signature.Value[^1] ^= 1;
        Assert.That((list.Signature.IsOf(one.Key), list.IsSignedBy(one)), Is.EqualTo((true, false)), "it did not look again");

        for (int i = 0; i < 16; i++)
            list.IsSignedBy(one with { Key = [(byte)i] });
        Assert.That((list.IsSignedBy(one), list.IsSignedBy(one with { MaySign = false })), Is.EqualTo((true, false)), "what is remembered has an end");
        list.Signature.Value[^1] ^= 1;
        Assert.That(list.IsSignedBy(one), Is.True, "and neither did it here");
    }

    [Test]
    public void Whatever_byte_of_a_list_is_another_it_is_refused_or_not_signed()
    {
        using var folder = new TemporaryFolder();
        using TestAuthority authority = TestAuthority.Root("Some authority");
        using var lost = authority.Issue();
        authority.Revoke(lost);
        authority.WriteDer(folder["list.der"]);
        byte[] good = File.ReadAllBytes(folder["list.der"]);
        CrlIssuer issuer = CrlIssuer.Of(authority.Certificate);
        Assert.That(RevocationListReader.Read(good).Single().IsSignedBy(issuer));

        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x11;
            Assert.That(IsUsable(bad, issuer), Is.False, $"byte {i}");
            Assert.That(IsUsable(good[..i], issuer), Is.False, $"the first {i} bytes");
        }
    }

    [Test]
    public void Several_lists_may_stand_in_one_file_in_PEM()
    {
        using var folder = new TemporaryFolder();
        using TestAuthority one = TestAuthority.Root("One"), two = TestAuthority.Root("Two");
        one.WriteCrl(folder["one"]);
        two.WriteCrl(folder["two"]);
        byte[] both = [.. "a comment\n"u8, .. File.ReadAllBytes(folder["one"]), .. System.Text.Encoding.ASCII.GetBytes(one.Pem), (byte)'\n', .. File.ReadAllBytes(folder["two"])];

        Assert.That(RevocationListReader.Read(both).Select(list => list.IssuerText), Is.EqualTo(new[] { "CN=One", "CN=Two" }));
    }

    /// <summary>An authority that was revoked makes no more lists, and those of its certificates are over some day.</summary>
    [Test]
    public void That_an_authority_is_revoked_counts_also_where_its_own_list_is_over()
    {
        using var folder = new TemporaryFolder();
        using TestAuthority root = TestAuthority.Root("Root"), between = root.Below("Between");
        using var leaf = between.Issue();
        between.WriteCrl(folder["between"], "-crl_lastupdate", "20260101000000Z", "-crl_nextupdate", "20260102000000Z");
        root.WriteCrl(folder["root"]);
        Assert.That(Fault()?.Kind, Is.EqualTo(RevocationFaultKind.Expired));

        root.Revoke(between.Certificate);
        root.WriteCrl(folder["root"]);
        Assert.That(Fault()?.Kind, Is.EqualTo(RevocationFaultKind.Revoked));

        RevocationFault? Fault() => new RevocationLists(new[] { "between", "root" }.SelectMany(file => RevocationListReader.Read(File.ReadAllBytes(folder[file]))), acceptsExpired: false).FaultOf(
            [new ChainLink(leaf.SerialNumber, CrlIssuer.Of(between.Certificate)), new ChainLink(between.Certificate.SerialNumber, CrlIssuer.Of(root.Certificate))], TimeProvider.System.GetUtcNow(), out _);
    }

    private static bool IsUsable(byte[] file, CrlIssuer issuer)
    {
        try
        {
            return RevocationListReader.Read(file).All(list => list.IsSignedBy(issuer));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
