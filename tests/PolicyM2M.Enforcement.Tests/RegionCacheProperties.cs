using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Compiler;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What is answered without asking is what the decision point would answer, for random policies, devices, claims and moments.</summary>
internal sealed class RegionCacheProperties
{
    /// <summary>What only the registry may say, and a claim that it contradicts.</summary>
    private static readonly string[] Vouched = ["kind", "level", "flag"], Contradicted = ["name"];

    private static int _answered;

    [Test]
    public void A_kept_decision_and_one_from_the_bundle_say_what_the_decision_point_would_say()
    {
        _answered = 0;
        SeededProperty.Holds(25, Check);
        Assert.That(_answered, Is.GreaterThan(500), "a cache that never answers proves nothing");
    }

    private static void Check(Random random)
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        Bundle bundle = PolicyCompiler.Compile([.. policies.Set().Select(file => file.Path == "schema.attributes.yaml" ? new SourceFile(file.Path, WithRegistry(file.Text)) : file)]).Bundle!;
        var pdp = new Decider(bundle);
        var time = new ManualTime();
        var signer = new TestSigner(time);
        var clock = new DeviceClock(time, null);
        var memory = new DecisionMemory(StoreContent.Empty with { Keys = PinnedKeys.None.With("pdp", signer.Published().Keys) }, clock, "self");
        var revision = new RevisionId("1111", bundle.Hash);
        HeldBundle held = Held(bundle, revision, signer, time);
        DeviceContext[] registered = [.. Enumerable.Range(0, 3).Select(_ => policies.Context(2).Where(name => Vouched.Contains(name) || (Contradicted.Contains(name) && random.Next(3) == 0)))];
        var path = new DecisionPath();
        for (int order = 1; order <= 60; order++)
        {
            int device = random.Next(registered.Length);
            DateTimeOffset now = RandomPolicies.Now.AddSeconds(random.Next(3) == 0 ? random.Next(-40_000, 40_000) : 0);
            var claims = new ClaimSet(policies.Context(order % 3), $"d{device}", memory.Slot);
            DeviceContext merged = Merged(claims.Claims, registered[device], bundle);
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                Decision expected = pdp.Decide(kind, pdp.Prepare(merged), now, path);
                if (memory.Find(kind, claims, now) is { } found)
                {
                    _answered++;
                    Assert.That(found.Kept.Decision.Outcome, Is.EqualTo(expected.Outcome), () => $"{kind.Name()} of {claims.Device}: {found.Kept.Region}\n{string.Join(", ", merged.Values)}");
                    Assert.That(found.HoldsUntil, Is.GreaterThan(now));
                }
                else
                    memory.Keep(claims, Answer(expected, path.Region(), revision, claims.Device, registered[device], signer, time), order, memory.Slot(claims.Device)!.Facts.Served, now);
                DeviceFacts facts = claims.Slot.Facts;
                if (facts.Statement is not null)
                    Assert.That(held.Decide(kind, held.Prepare(claims, facts), facts, now)?.Decision.Outcome, Is.EqualTo(expected.Outcome));
            }
        }
    }

    private static string WithRegistry(string schema) => Vouched.Aggregate(schema, (text, name) => string.Join('\n', text.Split('\n')
        .Select(line => line.TrimStart().StartsWith(name + ":", StringComparison.Ordinal) ? line.Replace("claimed", "registry", StringComparison.Ordinal) : line)));

    /// <summary>As the decision point puts claims and registry together.</summary>
    private static DeviceContext Merged(DeviceContext claims, DeviceContext registered, Bundle bundle) =>
        DeviceContext.Of([.. claims.Where(name => bundle.Attributes[name].Provenance == Provenance.Claimed && !registered.Values.ContainsKey(name)).Values, .. registered.Values]);

    private static HeldBundle Held(Bundle bundle, RevisionId revision, TestSigner signer, ManualTime time)
    {
        var statement = new V1.BundleStatement { Revision = WireMapping.ToWire(revision), Length = 1, IssuedAt = time.GetUtcNow().ToTimestamp(), ValidUntil = time.GetUtcNow().AddDays(9).ToTimestamp() };
        V1.SignedPayload signed = signer.Sign(SignedKind.BundleStatement, statement);
        return new HeldBundle(bundle, signed, signer.Trusted.BundleStatement(signed), DateTimeOffset.MaxValue);
    }

    private static Answer Answer(Decision decision, Region region, RevisionId revision, string device, DeviceContext registered, TestSigner signer, ManualTime time)
    {
        V1.SignedPayload signed = signer.Sign(SignedKind.Decision, WireMapping.ToWire(decision, revision, time.GetUtcNow(), region: region));
        V1.SignedPayload statement = signer.Sign(SignedKind.DeviceStatement, new V1.DeviceStatement
        {
            DeviceId = device,
            Attributes = { registered.Values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => new V1.NamedValue { Name = value.Key, Value = WireMapping.ToWire(value.Value) }) },
            IssuedAt = time.GetUtcNow().ToTimestamp(),
            ValidUntil = time.GetUtcNow().AddDays(1).ToTimestamp(),
        });
        var kept = new KeptDecision(signed, signer.Trusted.Decision(signed), isVerified: false) { FreshUntil = DateTimeOffset.MaxValue, UsableUntil = DateTimeOffset.MaxValue };
        return new Answer([kept], new HeldStatement(statement, signer.Trusted.Statement(statement), DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, IsVerified: false), []);
    }
}
