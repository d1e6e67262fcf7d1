using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A real bundle, served by a script.</summary>
internal static class ScriptedBundle
{
    /// <summary>A context that the bundle decides and no decision point was asked about.</summary>
    public static DeviceContext NeverAsked { get; } = DeviceContext.Empty.With("device.type", AttributeValue.Of("sensor"));

    /// <summary>Policies that speak of the claims alone, but for cipher suites; served with a statement of a day.</summary>
    public static byte[] Serve(ClientWorld world, Action<List<V1.GetBundleResponse>>? forge = null)
    {
        byte[] bytes = PolicyCompiler.Compile(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("a.attributes.yaml", """
                attributes:
                  device.type:     { type: enum, values: [plc, sensor], provenance: claimed, description: x }
                  lifecycle.state: { type: enum, values: [active, quarantined], provenance: registry, description: x }
                """),
            new SourceFile("p.m2m", """
                policy p
                cipher-suites { when lifecycle.state == "quarantined" deny "no"  otherwise use { versions 1.3 suites TLS_AES_128_GCM_SHA256 fresh-for 1h usable-for 30d } }
                auth { when device.type == "sensor" use { methods psk fresh-for 1h usable-for 30d }  otherwise use { methods x509 fresh-for 1h usable-for 30d } }
                rotation { otherwise use { lifetime 1d fresh-for 1h usable-for 30d } }
                """),
        ]).Bundle!.ToBytes();
        world.Script.Publish(new RevisionId("1111", Bundle.Read(bytes).Hash));
        world.Script.Bundle = request =>
        {
            int offset = request.BundleHash == world.Script.Revision.BundleHash ? (int)request.Offset : 0;
            DateTimeOffset now = world.Time.GetUtcNow();
            V1.Revision revision = WireMapping.ToWire(world.Script.Revision);
            revision.ActivatedAt = world.Script.ActivatedAt?.ToTimestamp();
            var statement = new V1.BundleStatement { Revision = revision, Length = (ulong)bytes.Length, IssuedAt = now.ToTimestamp(), ValidUntil = now.AddDays(1).ToTimestamp() };
            List<V1.GetBundleResponse> parts =
            [
                new() { Description = new V1.BundleDescription { Revision = revision, Length = (ulong)bytes.Length, Offset = (ulong)offset, Statement = world.Script.Signer.Sign(SignedKind.BundleStatement, statement) } },
            ];
            if (offset < bytes.Length)
                parts.Add(new V1.GetBundleResponse { Data = ByteString.CopyFrom(bytes.AsSpan(offset)) });
            forge?.Invoke(parts);
            return parts;
        };
        return bytes;
    }
}
