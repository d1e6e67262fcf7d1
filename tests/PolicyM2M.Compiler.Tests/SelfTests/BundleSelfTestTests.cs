using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.SelfTests;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.SelfTests;

/// <summary>Bundles held against their policies by contexts that the policies themselves call for.</summary>
internal sealed class BundleSelfTestTests
{
    private const string Policy = """
        policy p "P."

        auth {
          when posture.risk >= 60   deny "too risky"
          otherwise                 use { mutual required  methods x509 }
        }

        forbid somewhere : auth "not there" when site starts-with "x"
        """;

    [Test]
    public void Bundles_of_random_policies_decide_what_those_say() => SeededProperty.Holds(200, random =>
    {
        (BoundPolicySet set, Bundle bundle) = Compile(new RandomPolicies(random, isCorrelated: true).Set());
        SelfTestResult result = BundleSelfTest.Run(set, bundle);
        Assert.Multiple(() =>
        {
            Assert.That(result.Faults, Is.Empty);
            Assert.That(result.Witnesses, Is.GreaterThanOrEqualTo(3), "one for each kind");
        });
    });

    [Test]
    public void A_bundle_of_other_policies_is_found_out_at_the_rule_that_differs()
    {
        (BoundPolicySet set, _) = Compile(Set(Policy));
        (_, Bundle other) = Compile(Set(Policy.Replace("60", "61", StringComparison.Ordinal)));

        SelfTestFault fault = BundleSelfTest.Run(set, other).Faults.Single();
        Assert.That($"{fault.Source}: {fault.Message}", Is.EqualTo(
            "p.m2m:4: auth is { mutual required  methods x509  capabilities none  fresh-for 0s  usable-for 0s } for posture.risk = 60, site = \"something else\" at 2026-01-01, and the policies say deny \"too risky\""));
    }

    [TestCase("posture.risk >= 60 and site == \"a\"")]
    [TestCase("not (posture.risk < 60 or site in [\"a\", \"something else\"])")]
    [TestCase("posture.risk > 10 and posture.risk < 12 and not site starts-with \"some\"")]
    [TestCase("(posture.risk > 10 and posture.risk < 5) or site == \"b\"")]
    [TestCase("time.now >= 2030-01-01 and not has site")]
    [TestCase("time.of-day in 22:00..06:00")]
    [TestCase("time.weekday in [sat, sun]")]
    public void A_witness_is_found_where_tests_of_one_attribute_and_the_clock_agree(string when)
    {
        (BoundPolicySet set, Bundle bundle) = Compile(Set($"policy p\nauth {{ when {when}  deny \"no\"  otherwise use {{ mutual required  methods x509 }} }}\n"));
        BoundCondition condition = set.Policies[0].Blocks[0].Cases[0].When;

        Witness? found = WitnessSearch.Find(condition, Witness.Plain(set), bundle.Attributes);
        Assert.That(found, Is.Not.Null);
        Assert.That(new ContextReading(found!.Context, found.Now, bundle.Attributes).Holds(condition), Is.True);
    }

    private static (BoundPolicySet Set, Bundle Bundle) Compile(IReadOnlyList<SourceFile> files)
    {
        var faults = new Faults();
        (BoundPolicySet? set, byte[]? bytes) = PolicyCompiler.CompileBound(files, faults);
        Assert.That(bytes, Is.Not.Null, () => string.Join('\n', faults.Sorted()));
        return (set!, Bundle.Read(bytes!));
    }

    private static SourceFile[] Set(string policy) =>
    [
        new("policyset.yaml", "name: witnesses\nattributes: device.attributes.yaml\npolicies: [p.m2m]\n"),
        new("device.attributes.yaml", "attributes:\n  posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: \"The risk.\" }\n  site: { type: string, provenance: registry, description: \"The site.\" }\n"),
        new("p.m2m", policy),
    ];
}
