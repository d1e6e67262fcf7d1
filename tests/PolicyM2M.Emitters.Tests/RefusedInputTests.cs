using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Emitters.Tests;

/// <summary>What never gets into a file.</summary>
internal sealed class RefusedInputTests
{
    private static readonly Outcome Channel = Decisions.Of(["TLS1.3"], ["TLS_AES_128_GCM_SHA256"]);

    private static readonly EmitterOptions Server = new() { Certificate = "/c.pem", Key = "/k.pem" };

    [Test]
    public void A_path_that_is_more_than_a_path_is_refused(
        [Values("", "/a b.pem", "/a;ssl_verify_client off;.pem", "/a\nallow_anonymous true", "/a\"b", "/a#b", "/a$ENV::HOME", "/a{b}", "/a\\b", "-a", "/ä.pem")] string path, [Values] StackKind stack) =>
        Assert.That(() => Emitter.Emit(stack, Server with { Role = ChannelRole.Client, Authorities = path, Peer = "a" }, Channel), Throws.ArgumentException);

    [Test]
    public void What_a_role_needs_must_be_there()
    {
        Assert.That(() => Emitter.Emit(StackKind.Nginx, new EmitterOptions(), Channel), Throws.ArgumentException.With.Message.Contains("a server needs a certificate"));
        Assert.That(() => Emitter.Emit(StackKind.Nginx, new EmitterOptions { Certificate = "/c.pem" }, Channel), Throws.ArgumentException.With.Message.Contains("go together"));
        Assert.That(() => Emitter.Emit(StackKind.Nginx, Server with { Role = ChannelRole.Client }, Channel), Throws.ArgumentException.With.Message.Contains("needs the authorities"));
        Assert.That(() => Emitter.Emit(StackKind.Envoy, Server with { Role = ChannelRole.Client, Authorities = "/ca.pem" }, Channel), Throws.ArgumentException.With.Message.Contains("its peer"));
        Assert.That(() => Emitter.Emit(StackKind.LwM2m, Server, Channel), Throws.ArgumentException.With.Message.Contains("configures a client"));
        Assert.That(() => Emitter.Emit(StackKind.Mosquitto, Server with { Port = 0 }, Channel), Throws.ArgumentException.With.Message.Contains("no port 0"));
        Assert.That(() => Emitter.Emit(StackKind.LwM2m, new EmitterOptions { Role = ChannelRole.Client, LwM2mInstance = -1 }, Channel), Throws.ArgumentException.With.Message.Contains("no object instance"));
        Assert.That(() => Emitter.Emit(StackKind.Nginx, Server with { HeldElsewhere = ["methods"] }, Channel), Throws.ArgumentException.With.Message.Contains("something else may hold key-algorithms"));
        Assert.That(() => Emitter.Emit(StackKind.Nginx, Server with { KeyProtection = "vault" }, Channel), Throws.ArgumentException.With.Message.Contains("kept in one of software"));
    }

    [TestCase("Certificate", StackKind.Nginx, null, "/k.pem")]
    [TestCase("Key", StackKind.Nginx, "/c.pem", null)]
    [TestCase("Key", StackKind.Nginx, "/c.pem", "/k;pem")]
    [TestCase("Role", StackKind.LwM2m, "/c.pem", "/k.pem")]
    public void A_refusal_names_the_option(string option, StackKind stack, string? certificate, string? key) =>
        Assert.That(() => Emitter.Emit(stack, new EmitterOptions { Certificate = certificate, Key = key }, Channel), Throws.ArgumentException.With.Property(nameof(ArgumentException.ParamName)).EqualTo(option));

    [Test]
    public void An_outcome_of_another_kind_or_with_unknown_names_is_refused()
    {
        Assert.That(() => Emitter.Emit(StackKind.Nginx, Server, Decisions.Mutual()), Throws.ArgumentException.With.Message.Contains("auth stands where one of cipher-suites"));
        Assert.That(() => Emitter.Emit(StackKind.Nginx, Server, Channel, Channel), Throws.ArgumentException.With.Message.Contains("cipher-suites stands where one of auth"));
        Assert.That(() => Emitter.Emit(StackKind.Nginx, Server, Decisions.Of(["TLS1.3"], ["TLS_AES_128_GCM_SHA256;"])), Throws.ArgumentException.With.Message.Contains("no cipher suite"));
    }

    [Test]
    public void The_words_of_a_denial_stay_in_their_comment([Values] StackKind stack)
    {
        EmittedConfiguration configuration = Emitter.Emit(stack, new EmitterOptions { Role = ChannelRole.Client, Authorities = "/ca.pem", Peer = "a" }, Decisions.Denied);
        string[] lines = [.. configuration.Files.SelectMany(file => file.Text.Split('\n')).Where(line => line.Contains("no channel", StringComparison.Ordinal))];
        Assert.That(lines, Is.All.Matches<string>(line => line is ['#', ..] && line.Contains("quarantined", StringComparison.Ordinal) && !line.Contains("*/", StringComparison.Ordinal)));
        Assert.That(configuration.Refuses, Is.EqualTo(stack is not (StackKind.Envoy or StackKind.LwM2m)));
        Assert.That(configuration.Fidelity, Is.EqualTo(configuration.Refuses ? Fidelity.Exact : Fidelity.Infeasible));
    }

    [Test]
    public void A_denied_authentication_denies_the_channel() =>
        Assert.That(Emitter.Emit(StackKind.Nginx, Server, Channel, Outcome.Deny(DecisionKind.Auth, "no")).Refuses, Is.True);

    [Test]
    public void A_required_certificate_needs_authorities_and_a_method_that_is_one()
    {
        Assert.That(Fields(Emitter.Emit(StackKind.Nginx, Server, Channel, Decisions.Mutual())), Is.EqualTo(new[] { "mutual" }));
        Assert.That(Fields(Emitter.Emit(StackKind.Nginx, Server with { Authorities = "/ca.pem" }, Channel, Decisions.Mutual("psk", "oauth-dpop"))), Is.EqualTo(new[] { "methods" }));
        Assert.That(Fields(Emitter.Emit(StackKind.Nginx, Server with { Authorities = "/ca.pem" }, Channel, Decisions.Mutual("spiffe-x509"))), Is.EqualTo(new[] { "methods" }));
        Assert.That(Fields(Emitter.Emit(StackKind.OpenSsl, new EmitterOptions { Role = ChannelRole.Client, Authorities = "/ca.pem" }, Channel, Decisions.Mutual())), Is.EqualTo(new[] { "mutual" }));
    }

    private static IEnumerable<string> Fields(EmittedConfiguration configuration)
    {
        Assert.That(configuration.Fidelity, Is.EqualTo(Fidelity.Infeasible));
        Assert.That((configuration.Files.IsEmpty, configuration.Refuses), Is.EqualTo((false, true)), "files that let nobody in");
        return configuration.Losses.Where(loss => loss.Kind == LossKind.Unenforceable).Select(loss => loss.Field);
    }
}
