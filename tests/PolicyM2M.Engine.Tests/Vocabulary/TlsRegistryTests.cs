using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Tests.Vocabulary;

/// <summary>Facts of the registries that a careless table, or one older than RFC 10015 and RFC 10024, would get wrong.</summary>
internal sealed class TlsRegistryTests
{
    [Test]
    public void The_tables_are_whole()
    {
        Assert.That(TlsRegistry.CipherSuites, Has.Count.EqualTo(354), "356 rows less the two signalling values");
        Assert.That(TlsRegistry.Groups, Has.Count.EqualTo(56));
        Assert.That(TlsRegistry.SignatureSchemes, Has.Count.EqualTo(37));
    }

    [Test]
    public void After_RFC_10015_fourteen_suites_are_recommended()
    {
        Assert.That(TlsRegistry.CipherSuites.Values.Count(suite => suite.Recommended == 'Y'), Is.EqualTo(14));
        Assert.That(TlsRegistry.CipherSuites["TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"].Recommended, Is.EqualTo('D'));
        Assert.That(TlsRegistry.CipherSuites["TLS_RSA_WITH_AES_128_GCM_SHA256"].Recommended, Is.EqualTo('D'));
    }

    [Test]
    public void Code_points_are_those_on_the_wire()
    {
        Assert.That(TlsRegistry.CipherSuites["TLS_AES_128_GCM_SHA256"], Is.EqualTo(new CipherSuite("TLS_AES_128_GCM_SHA256", 0x1301, "TLS_AES_128_GCM_SHA256", true, 'Y')));
        Assert.That(TlsRegistry.Groups["X25519MLKEM768"], Is.EqualTo(new NamedGroup("X25519MLKEM768", 0x11EC, false, true, 'Y')));
        Assert.That(TlsRegistry.SignatureSchemes["rsa_pkcs1_sha256"].Tls13Handshake, Is.False, "PKCS #1 v1.5 never signs a TLS 1.3 handshake");
        Assert.That(TlsRegistry.CipherSuites.Values.Select(suite => suite.CodePoint), Is.Unique);
    }

    [Test]
    public void Signalling_values_are_no_suites() =>
        Assert.That(TlsRegistry.CipherSuites.Keys.Where(name => name.EndsWith("SCSV", StringComparison.Ordinal)), Is.Empty);
}
