using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Tests.Bundles;

/// <summary>A small set that uses every type of attribute and every shape of field.</summary>
internal static class Sample
{
    public static Bundle Bundle { get; } = PolicyCompiler.Compile(
    [
        new SourceFile("policyset.yaml", "name: sample\nattributes: a.attributes.yaml\npolicies: [p.m2m, q.m2m]\n"),
        new SourceFile("a.attributes.yaml", """
            attributes:
              kind:    { type: enum, values: [plc, sensor], provenance: claimed, description: kind }
              name:    { type: string, provenance: claimed, description: name }
              risk:    { type: int, minimum: 0, maximum: 100, provenance: registry, description: risk }
              version: { type: version, provenance: claimed, description: version }
              age:     { type: duration, provenance: claimed, description: age }
              flag:    { type: bool, provenance: attested, description: flag }
            """),
        new SourceFile("p.m2m", """
            policy p
            cipher-suites {
              when kind == "plc" and version < 2.4.0  use { versions 1.2, 1.3 suites TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 fresh-for 1h usable-for 2h }
              when risk >= 60 or name == "bad"        deny "too risky"
              otherwise                               use { versions 1.3 suites TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256 fresh-for 1d usable-for 2d }
            }
            auth { otherwise use { mutual required methods x509 key-protection tee attestation within 1h capabilities a, b } }
            rotation { when flag deny "flag" when age > 5h use { rotate-now } otherwise use { lifetime 1d renew-at 2/3 spread 10% } }
            """),
        new SourceFile("q.m2m", """
            policy q for kind == "plc"
            require strict : cipher-suites { suites TLS_AES_256_GCM_SHA384 } when risk > 30
            """),
    ]).Bundle ?? throw new InvalidOperationException("the sample does not compile");

    public static DeviceContext Plc { get; } = DeviceContext.Of(new Dictionary<string, AttributeValue>
    {
        ["kind"] = AttributeValue.Of("plc"),
        ["name"] = AttributeValue.Of("x"),
        ["risk"] = AttributeValue.Of(40),
        ["version"] = AttributeValue.Of("2.3.9"),
        ["age"] = AttributeValue.Of("1h"),
        ["flag"] = AttributeValue.Of(false),
    });
}
