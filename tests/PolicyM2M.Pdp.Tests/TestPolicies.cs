using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A small policy set in which every kind of attribute counts.</summary>
internal static class TestPolicies
{
    public const string Broken = "policy baseline\n\nauth { otherwise use { methods nonsense } }\n\nrotation { otherwise use unknown-profile }\n";

    /// <summary>The files, in the folder `policies`.</summary>
    public static IEnumerable<(string Path, string Text)> Files(string lifetime = "30d") =>
    [
        ("policies/policyset.yaml", "name: test-fleet\nattributes: device.attributes.yaml\npolicies:\n  - baseline.m2m\n"),
        ("policies/device.attributes.yaml", """
            attributes:
              device.id: { type: string, provenance: registry, description: "The id." }
              device.type: { type: enum, values: [plc, sensor], provenance: claimed, description: "The class." }
              firmware.version: { type: version, provenance: claimed, description: "The firmware." }
              key.protection: { type: enum, values: [software, hsm], provenance: attested, description: "Where the key lives." }
              location.site: { type: string, provenance: registry, description: "The site." }
              posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: "The risk." }

            """),
        Baseline(lifetime),
    ];

    /// <summary>What they compile to.</summary>
    public static Bundle Bundle { get; } = PolicyCompiler.Compile([.. Files().Select(file => new SourceFile(file.Path["policies/".Length..], file.Text))]).Bundle!;

    /// <summary>The one policy; its rotation tells which revision answered.</summary>
    public static (string Path, string Text) Baseline(string lifetime) => ("policies/baseline.m2m", $$"""
        policy baseline "What the tests need."

        cipher-suites {
          when firmware.version < 2.0.0   deny "too old"
          when key.protection == "hsm"    use { versions 1.2, 1.3  suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384  fresh-for 1h  usable-for 3d }
          otherwise                       use { versions 1.3  suites TLS_AES_256_GCM_SHA384  fresh-for 1h  usable-for 3d }
        }

        auth {
          when device.id == "plc-0042" and device.type == "plc"   use { mutual required  methods spiffe-x509 }
          otherwise                                               deny "only plc-0042 may authenticate"
        }

        rotation {
          when posture.risk >= 60   use { rotate-now }
          otherwise                 use { lifetime {{lifetime}} }
        }

        """);
}
