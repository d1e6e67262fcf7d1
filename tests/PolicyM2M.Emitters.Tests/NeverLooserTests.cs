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
