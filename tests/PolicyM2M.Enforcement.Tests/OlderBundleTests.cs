using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A bundle from before a roll-back or a mended rule, handed out again by who stands between a device and its decision point.</summary>
internal sealed class OlderBundleTests
{
    [Test]
    public async Task A_bundle_of_an_earlier_revision_is_refused_and_one_of_the_latest_is_held()
    {
        await using var world = new ClientWorld();
        byte[] old = Compiled("psk");
        var latest = new RevisionId("2222", Bundle.Read(Compiled("x509")).Hash);
        DateTimeOffset activated = world.Time.Start;
        world.Script.ActivatedAt = activated;
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();

        Serve(world, old, new RevisionId("0000", Bundle.Read(old).Hash), activated.AddMinutes(-1));
        world.Script.ActivatedAt = activated.AddSeconds(1);
        world.Script.Publish(latest);

        Assert.That((await world.SeenAsync<ClientEvent.BundleRefused>(refused => refused.Reason.Contains("before those already seen", StringComparison.Ordinal))).Reason, Does.StartWith("the bundle is of policies from before"));
        Assert.That((await world.SeenAsync<ClientEvent.RevisionRefused>()).Revision.CommitId, Is.EqualTo("0000"));
        Assert.That(client.Status.Bundle, Is.Null);

        byte[] next = Compiled("raw-public-key");
        var later = new RevisionId("3333", Bundle.Read(next).Hash);
        Serve(world, next, later, activated.AddSeconds(2));
        world.Script.ActivatedAt = activated.AddSeconds(2);
        world.Script.Publish(later);
        Assert.That((await world.SeenAsync<ClientEvent.BundleHeld>()).Revision, Is.EqualTo(later));
    }

    private static void Serve(ClientWorld world, byte[] bytes, RevisionId id, DateTimeOffset activated)
    {
        V1.Revision revision = WireMapping.ToWire(id);
        revision.ActivatedAt = activated.ToTimestamp();
        DateTimeOffset now = world.Time.GetUtcNow();
        var statement = new V1.BundleStatement { Revision = revision, Length = (ulong)bytes.Length, IssuedAt = now.ToTimestamp(), ValidUntil = now.AddDays(1).ToTimestamp() };
        world.Script.Bundle = _ =>
        [
            new() { Description = new V1.BundleDescription { Revision = revision, Length = (ulong)bytes.Length, Statement = world.Script.Signer.Sign(SignedKind.BundleStatement, statement) } },
            new() { Data = ByteString.CopyFrom(bytes) },
        ];
    }

    private static byte[] Compiled(string method) => PolicyCompiler.Compile(
    [
        new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
        new SourceFile("a.attributes.yaml", "attributes:\n  device.type: { type: enum, values: [plc, sensor], provenance: claimed, description: x }\n"),
        new SourceFile("p.m2m", $"policy p\nauth {{ otherwise use {{ methods {method} fresh-for 1h usable-for 30d }} }}\n"),
    ]).Bundle!.ToBytes();
}
