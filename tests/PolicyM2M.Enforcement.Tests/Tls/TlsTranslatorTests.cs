using System.Net.Security;
using System.Security.Authentication;
using PolicyM2M.Enforcement.Tls;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>Decisions as settings of .NET: exact, approximated or infeasible, and never wider than decided.</summary>
[TestFixture]
internal sealed class TlsTranslatorTests
{
    private const string Ecdsa12 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";

    [TestCase("versions TLS1.3; suites TLS_AES_128_GCM_SHA256", SslProtocols.Tls13)]
    [TestCase($"versions TLS1.2; suites {Ecdsa12}", SslProtocols.Tls12)]
    [TestCase($"versions TLS1.2, TLS1.3, DTLS1.2; suites TLS_AES_128_GCM_SHA256, {Ecdsa12}", SslProtocols.Tls12 | SslProtocols.Tls13)]
    [TestCase("versions TLS1.2, TLS1.3; suites TLS_AES_128_GCM_SHA256", SslProtocols.Tls13, Description = "no suite of 1.2: its defaults must not be there")]
    [TestCase($"versions TLS1.2, TLS1.3; suites {Ecdsa12}", SslProtocols.Tls12)]
    [TestCase($"versions TLS1.3; suites TLS_AES_128_GCM_SHA256, {Ecdsa12}", SslProtocols.Tls13, Description = "a suite of a version that is not allowed")]
    public void Versions_and_suites_agree(string decided, SslProtocols protocols)
    {
        TlsTranslation translation = Translate(decided);
        Assert.That((translation.Fit, translation.Protocols), Is.EqualTo((TlsFit.Exact, protocols)));
        Assert.That(translation.Suites.Select(suite => suite is TlsCipherSuite.TLS_AES_128_GCM_SHA256), Is.EquivalentTo(
            new[] { SslProtocols.Tls13, SslProtocols.Tls12 }.Where(one => protocols.HasFlag(one)).Select(one => one == SslProtocols.Tls13)));
    }

    [TestCase("versions TLS1.2; suites TLS_RSA_WITH_NULL_SHA256", Description = "NULL: .NET reads it back as allowed")]
    [TestCase("versions TLS1.2; suites TLS_ECDH_anon_WITH_AES_128_CBC_SHA", Description = "anonymous: the same")]
    [TestCase("versions TLS1.2; suites TLS_PSK_WITH_AES_128_GCM_SHA256", Description = "PSK: the same, though .NET has no keys for it")]
    [TestCase("versions TLS1.2; suites TLS_AES_128_GCM_SHA256", Description = "no suite of the version")]
    [TestCase("versions DTLS1.2, DTLS1.3; suites TLS_AES_128_GCM_SHA256", Description = "no TLS")]
    [TestCase("versions TLS1.3; suites TLS_SHA256_SHA256", Description = "no name in .NET")]
    public void What_this_stack_cannot_do_is_infeasible(string decided)
    {
        TlsTranslation translation = Translate(decided);
        Assert.That((translation.Fit, translation.Refusal?.Reason), Is.EqualTo((TlsFit.Infeasible, (EnforcementReason?)EnforcementReason.Infeasible)));
    }

    [TestCase("versions TLS1.2, TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_NULL_SHA256", "suites: TLS_RSA_WITH_NULL_SHA256")]
    [TestCase("versions TLS1.2, TLS1.3; suites TLS_AES_128_GCM_SHA256, TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", "suites: TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256")]
    [TestCase("versions TLS1.3; suites TLS_AES_128_GCM_SHA256; groups x25519; resumption forbidden", "groups: ")]
    [TestCase("versions TLS1.3; suites TLS_AES_128_GCM_SHA256; signatures ed25519; resumption forbidden", "signatures: ")]
    [TestCase("versions TLS1.3; suites TLS_AES_128_GCM_SHA256; session-lifetime 1h", "resumption: ")]
    public void What_is_lost_is_named(string decided, string loss)
    {
        TlsTranslation translation = Translate(decided);
        Assert.That(translation.Fit, Is.EqualTo(TlsFit.Approximated));
        Assert.That(translation.Losses, Has.Length.EqualTo(1).And.One.StartsWith(loss));
    }

    [TestCase("", "", true)]
    [TestCase("resumption permitted", "", true)]
    [TestCase("resumption forbidden", "", false)]
    [TestCase("session-lifetime 24h", "", false)]
    [TestCase("groups x25519", "", false)]
    [TestCase("signatures ed25519", "", false)]
    [TestCase("", "reauthenticate 12h", false)]
    public void Sessions_are_resumed_only_where_nothing_can_slip_by_with_them(string suites, string auth, bool may) =>
        Assert.That(Translate($"versions TLS1.3; suites TLS_AES_128_GCM_SHA256; {suites}", $"methods x509; {auth}").AllowsResumption, Is.EqualTo(may));

    [Test]
    public void The_order_of_the_decision_is_kept() =>
        Assert.That(Translate("versions TLS1.3; suites TLS_CHACHA20_POLY1305_SHA256, TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256").Suites,
            Is.EqualTo(new[] { TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256, TlsCipherSuite.TLS_AES_256_GCM_SHA384, TlsCipherSuite.TLS_AES_128_GCM_SHA256 }));

    [Test]
    public void A_kind_that_nobody_decided_is_a_denial()
    {
        TlsDecisions decisions = TlsDecisions.From([TestOutcomes.Auth("methods x509")]);
        Assert.That(decisions.Denial, Is.EqualTo("there is no decision of cipher-suites"));
        Assert.That(() => TlsDecisions.From([decisions.Auth, decisions.Auth]), Throws.ArgumentException);
        Assert.That(() => new TlsDecisions(decisions.Auth, decisions.Auth), Throws.ArgumentException);
    }

    [Test]
    public void A_capability_that_is_not_granted_is_refused_and_says_what_is()
    {
        AuthorizedCapabilities some = AuthorizedCapabilities.Of(TestOutcomes.Auth("methods x509; capabilities telemetry.publish, time.read"));
        some.Demand("time.read");
        Assert.That(() => some.Demand("time.write"), Throws.TypeOf<EnforcementException>().With.Message.EqualTo(
            "CAPABILITY_NOT_GRANTED: `time.write` is not among what is granted: telemetry.publish, time.read"));
        Assert.That(() => AuthorizedCapabilities.Of(Outcome.Deny(DecisionKind.Auth, "retired")).Demand("time.read"),
            Throws.TypeOf<EnforcementException>().With.Message.EqualTo("CAPABILITY_NOT_GRANTED: `time.read`: retired"));
        Assert.That(AuthorizedCapabilities.Of(TestOutcomes.Auth("methods x509")).Grants("time.read"), Is.False);
    }

    private static TlsTranslation Translate(string suites, string auth = "methods x509") =>
        TlsTranslator.Of(new TlsDecisions(TestOutcomes.CipherSuites(suites), TestOutcomes.Auth(auth)), credential: null, TimeProvider.System.GetUtcNow());
}
