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

    private static PolicyTestRun Run(string policy, string tests)
    {
        SourceFile[] files =
        [
            new("policyset.yaml", "name: objections\nattributes: device.attributes.yaml\npolicies: [p.m2m]\n"),
            new("device.attributes.yaml", "attributes:\n  posture.risk: { type: int, minimum: 0, maximum: 100, provenance: registry, description: \"The risk.\" }\n"),
            new("p.m2m", policy),
            new("p.tests.yaml", tests),
            new("contexts/one.json", "{ \"posture.risk\": 70 }"),
        ];
        return PolicyTester.Run(files, files, filter: null, progress: null);
    }
}
