using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>What a hostile or careless issuer may not give.</summary>
internal sealed class SuccessorCheckTests
{
    private static readonly ManualTime Time = new();

    private readonly TestIssuer _issuer = new(Time), _other = new(Time);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private X509Certificate2 _current = null!;

    [OneTimeSetUp]
    public void Begin()
    {
        (string certificate, string key) = _issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
        _current = CredentialFolder.Open(certificate, key);
    }

    [OneTimeTearDown]
    public void End()
    {
        _current.Dispose();
        _key.Dispose();
        _issuer.Dispose();
        _other.Dispose();
    }

    [Test]
    public void What_was_asked_for_is_taken_with_its_chain_and_without_the_authority()
    {
        string? fault = Fault(Issued(), out CheckedSuccessor? successor);
        Assert.That(fault, Is.Null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(successor!.ChainPem);
        Assert.That(chain.Select(certificate => certificate.Subject), Is.EqualTo(new[] { "CN=plc-1", "CN=Test Issuer" }));
        Assert.That(successor.ChainEnd, Is.EqualTo((DateTimeOffset)chain[0].NotAfter.ToUniversalTime()));
    }

    [Test]
    public void A_successor_that_outlives_its_issuer_ends_with_it()
    {
        Assert.That(Fault(Issued(life: TimeSpan.FromDays(3_998.5)), out CheckedSuccessor? successor), Is.Null);
        Assert.That(successor!.ChainEnd, Is.EqualTo((DateTimeOffset)_issuer.Intermediate.NotAfter.ToUniversalTime()).Or.LessThan((DateTimeOffset)_issuer.Intermediate.NotAfter.ToUniversalTime()));
    }

    [Test]
    public void Another_key_is_refused()
    {
        using var another = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.That(Fault(Issued(key: another), out _), Is.EqualTo("the certificate that came is not for the key of the request"));
    }

    [Test]
    public void The_certificate_in_use_is_no_successor() =>
        Assert.That(SuccessorCheck.Fault([_current.RawData], _current, PrivateKey.Of(_current), Trust(_issuer), Time.GetUtcNow(), Time.GetUtcNow(), out _), Is.EqualTo("the certificate that came is the one in use"));

    [TestCase("CN=plc-2", "plc-1")]
    [TestCase("CN=plc-1", "plc-2")]
    [TestCase("CN=plc-1", "PLC-1")]
    [TestCase("CN=plc-1,O=Plant", "plc-1")]
    public void Another_name_is_refused(string subject, string device)
    {
        using X509Certificate2 issued = _issuer.Issue(TestIssuer.Request(_key, subject, device).CreateSigningRequest(), TimeSpan.FromDays(30));
        Assert.That(Fault(issued, out _), Does.StartWith("it is for another name"));
    }

    [Test]
    public void One_name_more_is_refused() => Assert.That(Fault(Issued(change: request =>
    {
        request.CertificateExtensions.Remove(request.CertificateExtensions.Single(extension => extension.Oid!.Value == "2.5.29.17"));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://test.example/device/plc-1"));
        names.AddUri(new Uri("spiffe://test.example/operator/plc-1"));
        request.CertificateExtensions.Add(names.Build());
        return request;
    }), out _), Does.StartWith("it is for another name"));

    [Test]
    public void An_authority_is_refused() => Assert.That(Fault(Issued(change: request =>
    {
        request.CertificateExtensions.Remove(request.CertificateExtensions.OfType<X509BasicConstraintsExtension>().Single());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }), out _), Is.EqualTo("it is an authority's, not a device's"));

    [Test]
    public void Fewer_uses_are_refused() => Assert.That(Fault(Issued(change: request =>
    {
        request.CertificateExtensions.Remove(request.CertificateExtensions.OfType<X509EnhancedKeyUsageExtension>().Single());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        return request;
    }), out _), Does.StartWith("it may not be used for what the one in use may: 1.3.6.1.5.5.7.3.2"));

    [Test]
    public void What_has_ended_and_what_begins_in_days_is_refused()
    {
        Assert.That(Fault(Issued(life: TimeSpan.FromDays(1), from: Time.GetUtcNow().AddDays(-2)), out _), Does.StartWith("it ended"));
        Assert.That(Fault(Issued(from: Time.GetUtcNow().AddDays(2)), out _), Does.Contain("one of the clocks is wrong"));
        Assert.That(Fault(Issued(from: Time.GetUtcNow().AddHours(2)), out _), Is.Null, "the clocks of issuer and device may differ");
    }

    [Test]
    public void Where_the_latest_moment_seen_is_far_ahead_a_successor_that_begins_now_bears_the_system_clock_out()
    {
        DateTimeOffset system = Time.GetUtcNow(), seen = system.AddYears(10);
        Assert.That((Fault(Issued(), seen, system, out CheckedSuccessor? successor), successor?.IsBySystemClock), Is.EqualTo(((string?)null, (bool?)true)));
        Assert.That((Fault(Issued(), system.AddHours(1), system, out successor), successor?.IsBySystemClock), Is.EqualTo(((string?)null, (bool?)false)), "so little passes by itself");
        Assert.That(Fault(Issued(from: system.AddHours(-3)), seen, system, out _), Does.StartWith("it ended"), "it may be an old one");
        Assert.That(Fault(Issued(from: system.AddHours(3)), seen, system, out _), Does.StartWith("it ended"));
        Assert.That(Fault(Issued(), seen, seen, out _), Does.StartWith("it ended"), "nobody knows when it was asked for");
    }

    [Test]
    public void Another_authority_is_refused_even_where_it_brings_its_own_root()
    {
        using X509Certificate2 issued = _other.Issue(TestIssuer.Request(_key, "CN=plc-1", "plc-1").CreateSigningRequest(), TimeSpan.FromDays(30));
        string? fault = SuccessorCheck.Fault([issued.RawData, .. _other.Chain.Select(certificate => (ReadOnlyMemory<byte>)certificate.RawData)], _current, _key, Trust(_issuer), Time.GetUtcNow(), Time.GetUtcNow(), out _);
        Assert.That(fault, Does.StartWith("no authority of this credential vouches for it"));
    }

    [Test]
    public void Nothing_too_much_and_what_is_no_certificate_are_refused()
    {
        Assert.That(SuccessorCheck.Fault([], _current, _key, Trust(_issuer), Time.GetUtcNow(), Time.GetUtcNow(), out _), Is.EqualTo("no certificate came"));
        Assert.That(SuccessorCheck.Fault([.. Enumerable.Repeat((ReadOnlyMemory<byte>)_current.RawData, 17)], _current, _key, Trust(_issuer), Time.GetUtcNow(), Time.GetUtcNow(), out _), Is.EqualTo("17 certificates came"));
        Assert.That(SuccessorCheck.Fault([new byte[] { 0x30, 0x00 }], _current, _key, Trust(_issuer), Time.GetUtcNow(), Time.GetUtcNow(), out _), Does.StartWith("a certificate that came is malformed"));
    }

    private X509Certificate2 Issued(ECDsa? key = null, TimeSpan? life = null, Func<CertificateRequest, CertificateRequest>? change = null, DateTimeOffset? from = null) =>
        _issuer.Issue(TestIssuer.Request(key ?? _key, "CN=plc-1", "plc-1").CreateSigningRequest(), life ?? TimeSpan.FromDays(30), change, from);

    private string? Fault(X509Certificate2 issued, out CheckedSuccessor? successor) => Fault(issued, Time.GetUtcNow(), Time.GetUtcNow(), out successor);

    private string? Fault(X509Certificate2 issued, DateTimeOffset now, DateTimeOffset system, out CheckedSuccessor? successor) =>
        SuccessorCheck.Fault([_issuer.Intermediate.RawData, issued.RawData], _current, _key, Trust(_issuer), now, system, out successor);

    private static X509Certificate2Collection Trust(TestIssuer issuer)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(issuer.TrustPath);
        return authorities;
    }
}
