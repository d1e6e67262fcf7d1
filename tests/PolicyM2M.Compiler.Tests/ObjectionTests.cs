using PolicyM2M.Compiler.PolicyTests;

namespace PolicyM2M.Compiler.Tests;

/// <summary>What the tests of a set say against its being served.</summary>
internal sealed class ObjectionTests
{
    private const string Policy = """
        policy p "P."

        auth {
          when posture.risk >= 60   deny "too risky"
          otherwise                 use { mutual optional  methods x509 }
        }

        invariant "both ends authenticate": auth always { mutual required }
        """;

    private const string Tests = """
        now: 2026-11-23T12:00Z
        cases:
          - name: a risky one
            given: { posture.risk: 10 }
            expect: { auth: deny }
        snapshots:
          - file: all.snapshot.txt
            contexts: contexts
        """;

    [Test]
    public void Each_failure_is_an_error_with_its_place()
    {
        PolicyTestRun run = Run(Policy, Tests);
        Assert.That(run.HasPassed, Is.False);
        Assert.That(run.Objections.Select(fault => $"{fault.Position} {fault.Code}: {fault.Message}"), Is.EqualTo(new[]
        {
            "p.tests.yaml:3 M2M512: the case `a risky one` fails: auth: expected deny, got { mutual optional  methods x509  capabilities none  fresh-for 0s  usable-for 0s }",
            "p.tests.yaml:7 M2M513: nothing was accepted yet as `all.snapshot.txt`",
            "p.m2m:8 M2M514: the invariant \"both ends authenticate\" is broken for p.tests.yaml:3: a risky one: auth is too loose in mutual",
        }));
    }

    [Test]
    public void A_set_whose_tests_pass_has_none() =>
        Assert.That(Run(Policy.Replace("optional", "required", StringComparison.Ordinal), Tests[..Tests.IndexOf("snapshots", StringComparison.Ordinal)].Replace("deny", "allow", StringComparison.Ordinal)).Objections, Is.Empty);

    [TestCase("posture.risk > 100", 0, false)]
    [TestCase("posture.risk > 60 and posture.risk < 40", 0, false)]
    [TestCase("posture.risk > 60", 1, true)]
    [TestCase("posture.risk > 60 or posture.risk < 40", 1, true)]
    [TestCase("posture.risk > 60 and site == \"b\"", 0, false)]
    [TestCase("posture.risk > 60 and site == \"a\"", 1, true)]
    [TestCase("posture.risk > 60 and time.now < 2026-01-01", 0, false)]
    [TestCase("not has posture.risk", 1, true)]
    public void An_invariant_speaks_of_what_a_context_could_be_and_of_nothing_else(string when, int isChecked, bool isBroken)
    {
        PolicyTestRun run = Run($$"""
            policy p
            auth { otherwise use { mutual optional  methods x509 } }
            invariant "both ends": auth always { mutual required } when {{when}}
            """, "now: 2026-11-23T12:00Z\ncases:\n  - name: of unknown risk\n    given: { site: a }\n    expect: { auth: allow }\n");
        Assert.That(run.Invariants.Select(invariant => (invariant.Checked, invariant.Broken.Length > 0)), Is.EqualTo(new[] { (isChecked, isBroken) }));
    }

    private static PolicyTestRun Run(string policy, string tests)
    {
        SourceFile[] files =
        [
            new("policyset.yaml", "name: objections\nattributes: device.attributes.yaml\npolicies: [p.m2m]\n"),
            new("device.attributes.yaml", "attributes:\n  posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: \"The risk.\" }\n  site: { type: string, provenance: registry, description: \"The site.\" }\n"),
            new("p.m2m", policy),
            new("p.tests.yaml", tests),
            new("contexts/one.json", "{ \"posture.risk\": 70 }"),
        ];
        return PolicyTester.Run(files, files, filter: null, progress: null);
    }
}
