using System.Collections.Immutable;
using PolicyM2M.Emitters.Names;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Emitters.Stacks;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests;

/// <summary>Whatever is decided: a plan holds nothing that the decision does not, and each thing that it lacks is said.</summary>
internal sealed class NeverLooserTests
{
    private static readonly (IStack Stack, EmitterOptions Options)[] Stacks =
    [
        .. new IStack[] { new OpenSslStack(), new NginxStack(), new MosquittoStack(), new EnvoyStack(), new MbedTlsStack(), new LwM2mStack() }
            .SelectMany(stack => new[] { ChannelRole.Server, ChannelRole.Client }.SelectMany(role => Enum.GetValues<ChannelTransport>().SelectMany(transport => Enum.GetValues<OpenSslRelease>()
                .Select(release => (stack, new EmitterOptions { Role = role, Transport = transport, OpenSsl = release, Certificate = "/c", Key = "/k", Authorities = "/a", Peer = "p" }))))),
    ];

    [Test]
    public void A_plan_is_within_the_decision_and_what_it_lacks_is_said() => SeededProperty.Holds(400, random =>
    {
        Outcome decision = Random(random);
        foreach ((IStack stack, EmitterOptions options) in Stacks)
        {
            (ChannelPlan? plan, ImmutableArray<Loss> losses) = ChannelPlanner.Plan(decision, auth: null, options, stack.Ability(options));
            Assert.That(plan is null, Is.EqualTo(losses.Any(loss => loss.Kind == LossKind.Unenforceable)), $"{decision}");
            if (plan is not null)
                Compare(decision, plan, options, losses, stack.Ability(options));
        }
    });

    [Test]
    public void An_auth_decision_is_held_or_said_to_be_lost_and_what_nobody_holds_is_infeasible() => SeededProperty.Holds(400, random =>
    {
        Outcome channel = Random(random), auth = RandomAuth(random);
        string[] elsewhere = [.. new[] { "key-algorithms", "attestation", "revocation", "revocation-within", "reauthenticate" }.Where(_ => random.Next(3) == 0)];
        string protection = new[] { "software", "tee", "hsm" }[random.Next(3)];
        string? lists = random.Next(2) == 0 ? "/crl" : null;
        foreach ((IStack stack, EmitterOptions plain) in Stacks)
        {
            EmitterOptions options = plain with { HeldElsewhere = [.. elsewhere], KeyProtection = protection, RevocationLists = lists };
            StackAbility ability = stack.Ability(options);
            (ChannelPlan? plan, ImmutableArray<Loss> losses) = ChannelPlanner.Plan(channel, auth, options, ability);
            string text = $"{ability.Stack} {options.Role} {channel}\n{auth}\nelsewhere: {string.Join(' ', elsewhere)}\n{string.Join('\n', losses)}";
            Assert.That(plan is null, Is.EqualTo(losses.Any(loss => loss.Kind == LossKind.Unenforceable)), text);
            if (plan is null)
                continue;
            bool seesPeer = options.Role == ChannelRole.Client || plan.Mutual;
            Assert.That(plan.Mutual, Is.EqualTo(auth[Field.Mutual] is FieldValue.Level { Rank: > 0 }), text);
            Assert.That(Names(auth, Field.Methods), Has.Some.EqualTo("x509").Or.Some.EqualTo("spiffe-x509"), text);
            if (!Names(auth, Field.Methods)!.Contains("x509") && seesPeer)
                Assert.That(plan.SpiffeOnly && ability.ChecksSpiffe && options.Role == ChannelRole.Server, Is.True, text);
            if (Names(auth, Field.KeyAlgorithms) is { } keys && !Unheld(Field.KeyAlgorithms))
                Assert.That(!plan.Tls12 && plan.Signatures!.Value.All(scheme => keys.Contains(KeyOf(scheme.Iana))), Is.True, text);
            Assert.That(auth[Field.KeyProtection] is FieldValue.Level demanded && demanded.Rank > (protection == "software" ? 0 : protection == "tee" ? 2 : 4), Is.False, text);
            Assert.That(auth[Field.Attestation] is not null, Is.EqualTo(Unheld(Field.Attestation)), text);
            if (auth[Field.Revocation] is FieldValue.Level { Rank: 2 } && seesPeer)
            {
                Assert.That(Unheld(Field.Revocation) || (lists is not null && stack is OpenSslStack or NginxStack or EnvoyStack), Is.True, text);
                Assert.That(auth[Field.RevocationWithin] is not null, Is.EqualTo(Unheld(Field.RevocationWithin)), text);
            }
            if (auth[Field.Reauthenticate] is FieldValue.Duration again)
            {
                Assert.That(Unheld(Field.Reauthenticate) || plan.LongestConnection <= again.Seconds, Is.True, text);
                Assert.That(plan.Sessions.Off || plan.Sessions.Seconds <= again.Seconds, Is.True, text);
            }

            // Said in the result, and only where whoever configures it took it on.
            bool Unheld(Field field) => losses.Any(loss => loss.Field == field.Name && loss.Kind == LossKind.Unheld) && elsewhere.Contains(field.Name);
        }
    });

    /// <summary>The one kind of key that signs with a scheme of TLS 1.3.</summary>
    private static string KeyOf(string scheme) => scheme switch
    {
        "ecdsa_secp256r1_sha256" => "ecdsa-p256",
        "ecdsa_secp384r1_sha384" => "ecdsa-p384",
        "ecdsa_secp521r1_sha512" => "ecdsa-p521",
        "mldsa44" or "mldsa65" or "mldsa87" => scheme.Insert(2, "-").Insert(6, "-"),
        _ => scheme,
    };

    private static Outcome RandomAuth(Random random)
    {
        List<(Field, FieldValue)> values = [(Field.Methods, new FieldValue.Names([.. Some(["x509", "spiffe-x509", "psk", "raw-public-key"])]))];
        if (random.Next(2) == 0)
            values.Add((Field.Mutual, new FieldValue.Level(1, "required")));
        if (random.Next(3) == 0)
            values.Add((Field.KeyAlgorithms, new FieldValue.Names([.. Some(["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048", "rsa-3072", "ml-dsa-65"])])));
        if (random.Next(4) == 0)
            values.Add((Field.KeyProtection, ((FieldShape.Ladder)Field.KeyProtection.Shape).Find(new[] { "software", "os-keystore", "secure-element" }[random.Next(3)])!));
        if (random.Next(4) == 0)
            values.Add((Field.Attestation, new FieldValue.Duration(3_600)));
        if (random.Next(3) != 0)
            values.Add((Field.Revocation, ((FieldShape.Ladder)Field.Revocation.Shape).Find(new[] { "off", "soft", "hard" }[random.Next(3)])!));
        if (random.Next(3) == 0)
            values.Add((Field.RevocationWithin, new FieldValue.Duration(86_400)));
        if (random.Next(3) == 0)
            values.Add((Field.Reauthenticate, new FieldValue.Duration(random.Next(0, 100_000))));
        return Outcome.Allow(Engine.Vocabulary.DecisionKind.Auth, values);

        IEnumerable<string> Some(string[] from) => Enumerable.Range(0, random.Next(1, 4)).Select(_ => from[random.Next(from.Length)]).Distinct();
    }

    private static void Compare(Outcome decision, ChannelPlan plan, EmitterOptions options, ImmutableArray<Loss> losses, StackAbility ability)
    {
        string protocol = options.Transport == ChannelTransport.Dtls ? "DTLS" : "TLS";
        string text = $"{ability.Stack} {options.Role} {protocol} {decision}\n{string.Join('\n', losses)}";
        string said = string.Join('\n', losses.Where(loss => loss.Kind == LossKind.Tighter).Select(loss => loss.What));
        string[] versions = [.. plan.Tls12 ? [$"{protocol}1.2"] : Array.Empty<string>(), .. plan.Tls13 ? [$"{protocol}1.3"] : Array.Empty<string>()];
        Assert.That(versions, Is.Not.Empty.And.SubsetOf(Names(decision, Field.Versions)!), text);
        Assert.That(plan.Suites12.IsEmpty, Is.EqualTo(!plan.Tls12), text);
        Assert.That(plan.Suites13.IsEmpty, Is.EqualTo(!plan.Tls13), text);
        Within(Field.Suites, [.. plan.Suites13, .. plan.Suites12]);
        Within(Field.Groups, plan.Groups);
        Within(Field.Signatures, plan.Signatures);
        Assert.That(plan.Tls13 && ability.FixedTls13Suites.Any(suite => !Names(decision, Field.Suites)!.Contains(suite)), Is.False, text);
        if (decision[Field.Resumption] is FieldValue.Level { Rank: 1 })
            Assert.That(plan.Sessions.Off, Is.True, text);
        else if (decision[Field.SessionLifetime] is FieldValue.Duration && !plan.Sessions.Off)
            Assert.That(plan.Sessions.Seconds is not null && (!plan.Tls13 || ability.Sessions == SessionControl.EndsWithProcess), Is.True, text);

        void Within(Field field, ImmutableArray<StackName>? names)
        {
            if (names is not { } list)
            {
                Assert.That(Names(decision, field), Is.Null, text);
                return;
            }
            Assert.That(list.Select(name => name.Iana), Is.SubsetOf(Names(decision, field)!), text);
            Assert.That(list.Select(name => name.Native), Has.None.Empty, text);
            if (versions.Length == 2)
                Assert.That(Names(decision, field)!.Except(list.Select(name => name.Iana)).Where(name => !said.Contains(name, StringComparison.Ordinal) && !IsForNoVersion(field, name)), Is.Empty, text);
        }
    }

    /// <summary>A PKCS #1 scheme of TLS 1.3 certificates, say, signs no handshake of any version.</summary>
    private static bool IsForNoVersion(Field field, string name) => field == Field.Signatures
        && Engine.Vocabulary.TlsRegistry.SignatureSchemes[name] is { Tls12: false, Tls13Handshake: false };

    private static string[]? Names(Outcome decision, Field field) => decision[field] is FieldValue.Names names ? [.. names.Items] : null;

    private static Outcome Random(Random random)
    {
        string[] versions = ["TLS1.2", "TLS1.3", "DTLS1.2", "DTLS1.3"];
        string[] common = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];
        return Decisions.Of(Some(versions, 3), [.. Some(All(Field.Suites), 6), .. Some(common, 3)],
            random.Next(3) == 0 ? null : Some(All(Field.Groups), 8), random.Next(3) == 0 ? null : Some(All(Field.Signatures), 6),
            random.Next(3) == 0, random.Next(2) == 0 ? random.Next(0, 100_000) : null);

        string[] Some(string[] from, int atMost) => [.. Enumerable.Range(0, random.Next(1, atMost + 1)).Select(_ => from[random.Next(from.Length)]).Distinct()];

        static string[] All(Field field) => [.. ((FieldShape.NameList)field.Shape).CodePoints!.Keys.Order(StringComparer.Ordinal)];
    }
}
