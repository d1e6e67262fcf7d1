using PolicyM2M.Compiler.Explanations;
using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>What a counterfactual promises, and that nothing smaller would do.</summary>
internal sealed class CounterfactualTests
{
    [Test]
    public void The_changed_context_is_decided_as_promised_and_no_context_with_fewer_changes_is() => SeededProperty.Holds(60, random =>
    {
        var policies = new RandomPolicies(random, isCorrelated: true);
        IReadOnlyList<SourceFile> files = policies.Set();
        var decider = new Decider(PolicyCompiler.Compile(files).Bundle!);
        Explainer explainer = Explainer.Of(files, out _)!;
        DeviceContext context = policies.Context(missing: random.Next(3));
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Explanation explanation = explainer.Explain(kind, context, RandomPolicies.Now, counterfactual: true);
            Counterfactual counterfactual = explanation.Counterfactual!;
            Assert.That(counterfactual.Changes.Select(change => string.Join(", ", change.Values.Select(value => value.Attribute.Name))), Is.Unique);
            foreach (ContextChange change in counterfactual.Changes)
            {
                DeviceContext changed = change.Values.Aggregate(context, (all, value) => value.After.Kind == AttributeValueKind.None ? all.Where(name => name != value.Attribute.Name) : all.With(value.Attribute.Name, value.After));
                Decision other = decider.Decide(kind, decider.Prepare(changed), RandomPolicies.Now);
                Assert.That(other.Outcome, Is.EqualTo(change.Decision.Outcome));
                Assert.That(IsReached(explanation.Decision, other), Is.True);
            }
            TryMoments(random, decider, context, explanation);
            if (counterfactual.IsWhole)
                TryFewer(random, policies, decider, context, explanation, fewer: counterfactual.Changes.IsEmpty ? 2 : counterfactual.Changes[0].Values.Length - 1);
        }
    });

    [TestCase("fw in [2.4.0, 2.5.0]", """{"fw": "2.4.0"}""", "fw")]
    [TestCase("has fw", "{}", "fw")]
    [TestCase("not has fw", "{}", "fw")]
    [TestCase("place within [10.0.0.0/8, ::/0]", """{"place": "10.0.0.1"}""", "place")]
    [TestCase("place == 10.0.0.1", """{"place": "10.0.0.1"}""", "place")]
    [TestCase("tags contains \"a\"", """{"tags": ["a"]}""", "tags")]
    [TestCase("left == right", """{"left": 3, "right": 3}""", "left")]
    [TestCase("left == right", "{}", "left, right")]
    [TestCase("left < -9223372036854775807", """{"left": -9223372036854775808}""", "left")]
    [TestCase("low > -10", """{"low": -5}""", "low")]
    [TestCase("fw <= 2.4.0.17", """{"fw": "2.4.0.17"}""", "fw")]
    [TestCase("fw <= 2.4.0-rc.1 or fw >= 2.4.0-rc.1.0.1", """{"fw": "2.4.0-rc.1"}""", "fw")]
    [TestCase("fw <= 9223372036854775807.9223372036854775807 or fw >= 9223372036854775807.9223372036854775807.1-0", """{"fw": "1"}""", "fw")]
    [TestCase("not (place within 10.0.0.0/8 and not place in [10.0.0.0, 10.255.255.255])", """{"place": "192.0.2.9"}""", "place")]
    [TestCase("place within [::/1, 8000::/1] and place != ::", """{"place": "2001:db8::7"}""", "place")]
    [TestCase("not (serial starts-with \"AB\" and serial != \"AB\")", """{"serial": "AB"}""", "serial")]
    [TestCase("serial starts-with \"s\" or serial starts-with \"y\"", """{"serial": "s"}""", "serial")]
    [TestCase("has fw", """{"fw": "1.0"}""", "fw")]
    public void A_change_to_what_no_condition_names_is_a_change(string deniedWhen, string given, string changed) =>
        Assert.That(string.Join(", ", Explained(deniedWhen, given).Changes[0].Values.Select(value => value.Attribute.Name)), Is.EqualTo(changed));

    [TestCase("place within 10.0.0.0/8", """{"place": "10.0.0.1"}""", "9.255.255.255")]
    [TestCase("place within 10.0.0.0/8", """{"place": "10.255.0.1"}""", "11.0.0.0")]
    [TestCase("not place within 10.0.0.0/8", """{"place": "192.0.2.1"}""", "10.255.255.255")]
    [TestCase("place == 10.0.0.1", """{"place": "10.0.0.1"}""", "10.0.0.0")]
    [TestCase("has place", """{"place": "10.0.0.1"}""", "")]
    [TestCase("not place within 2001:db8::/32", "{}", "2001:db8::")]
    [TestCase("not (place within 0.0.0.0/0 or place == 2001:db8::7)", "{}", "192.0.2.1")]
    [TestCase("age < 3d", """{"born": "2026-11-23T12:00Z"}""", "2026-11-20T12:30Z")]
    [TestCase("age > 1h", """{"born": "2026-11-20"}""", "2026-11-23T11:30Z")]
    [TestCase("born < 2026-11-23T12:30Z", """{"born": "2026-11-20"}""", "2026-11-23T12:30Z")]
    [TestCase("born == 2026-11-23T12:30Z", """{"born": "2026-11-23T12:30Z"}""", "2026-11-23T12:29:59Z")]
    [TestCase("born < 2027-01-01", """{"born": "2026-11-20"}""", "2027-01-01")]
    [TestCase("left < 3 or left > 9", "{\"left\": 1}", "3")]
    [TestCase("left < 3 or left > 9", "{\"left\": 11}", "9")]
    [TestCase("left == 3", "{\"left\": 3}", "2")]
    [TestCase("fw > 1.0.0 and fw < 2.4.0", """{"fw": "2.3.9"}""", "2.4.0", Description = "and not the older 1.0.0")]
    [TestCase("fw > 1.0.0", """{"fw": "2.3.9"}""", "1.0.0")]
    [TestCase("fw > 1.0.0 and not fw in [2.0.0, 3.0.0, 4.0.0]", """{"fw": "2.3.9"}""", "3.0.0", Description = "the next above, before the next below and the second above")]
    [TestCase("fw > 1.0.0 and not fw in [1.2.0, 2.0.0]", """{"fw": "2.3.9"}""", "2.0.0", Description = "the next below")]
    [TestCase("fw > 1.0.0 and fw <= 2.4.0 and fw != 3.0.0", """{"fw": "2.3.9"}""", "2.4.1", Description = "a newer one that no policy names, before an older one that one names")]
    [TestCase("fw <= 2.4.0", """{"fw": "2.4.0"}""", "2.4.1")]
    [TestCase("fw <= 2.4.0.17", """{"fw": "2.4.0.17"}""", "2.4.0.18")]
    [TestCase("fw <= 2.4.0-rc.1", """{"fw": "2.4.0-rc.1"}""", "2.4.0", Description = "the release, and no later pre-release")]
    [TestCase("fw >= 2.4.0", """{"fw": "5.1.0"}""", "2.3.0")]
    [TestCase("fw >= 2.4.5", """{"fw": "5.1.0"}""", "2.4.4")]
    [TestCase("fw >= 3", """{"fw": "5.1.0"}""", "2.0.0")]
    [TestCase("fw >= 2.4.0 or fw <= 2.3.7", """{"fw": "5.1.0"}""", "2.3.8")]
    [TestCase("fw >= 0.0.1", """{"fw": "5.1.0"}""", "0.0.0")]
    [TestCase("fw >= 0.0.0", """{"fw": "5.1.0"}""", "0.0.0-0", Description = "where there is nothing else")]
    [TestCase("serial == \"X\"", """{"serial": "X"}""", "something else")]
    [TestCase("serial starts-with \"AB\"", """{"serial": "ABC"}""", "something else")]
    [TestCase("not serial starts-with \"AB\"", """{"serial": "X"}""", "AB")]
    [TestCase("not (serial starts-with \"AB\" and serial != \"AB\")", """{"serial": "AB"}""", "ABsomething else")]
    [TestCase("not serial in [\"b\", \"a\"]", """{"serial": "X"}""", "a")]
    [TestCase("not fw in [2.0.0, 3.0.0]", "{}", "2.0.0", Description = "where there is none the least")]
    public void The_nearest_value_is_proposed_by_sources_and_bundle_alike(string deniedWhen, string given, string proposed)
    {
        Explainer ofSources = Explainer.Of(Files(deniedWhen), out _)!;
        Assert.That(DeviceContext.TryParseJson(given, out DeviceContext? context, out _), Is.True);
        foreach (Explainer explainer in new[] { ofSources, Explainer.OfBundle(ofSources.Bundle) })
        {
            AttributeValue after = explainer.Explain(DecisionKind.Auth, context!, RandomPolicies.Now, counterfactual: true).Counterfactual!.Changes[0].Values.Single().After;
            Assert.That(after.Kind == AttributeValueKind.None ? "" : after.ToString().Trim('"'), Is.EqualTo(proposed));
        }
    }

    [TestCase("has fw", "{}", true, TestName = "One attribute, and no other, is whole")]
    [TestCase("left == right", """{"left": 3, "right": 3}""", false, TestName = "Attributes compared with each other are not whole")]
    [TestCase("tags contains \"a\" and tags contains \"b\" and tags contains \"c\" and tags contains \"d\" and tags contains \"e\" and tags contains \"f\" and tags contains \"g\"",
        """{"tags": ["a", "b", "c", "d", "e", "f", "g"]}""", false, TestName = "A set of many items is not whole")]
    public void It_is_said_whether_all_was_tried(string deniedWhen, string given, bool isWhole) => Assert.That(Explained(deniedWhen, given).IsWhole, Is.EqualTo(isWhole));

    [TestCase("fw == 1.0", """{"fw": "1.0"}""", null, TestName = "Never, where nothing asks the clock")]
    [TestCase("time.now < 2027-01-31", "{}", "2027-01-31", TestName = "When an instant is reached")]
    [TestCase("age < 3d", """{"born": "2026-11-23T12:00Z"}""", "2026-11-26T12:00Z", TestName = "When it is old enough")]
    [TestCase("not time.of-day in 22:00..23:00", "{}", "2026-11-23T22:00Z", TestName = "In the evening")]
    [TestCase("not (time.weekday == sun and time.of-day >= 22:00 and time.now >= 2026-12-01)", "{}", "2026-12-06T22:00Z", TestName = "On a Sunday evening of the next month")]
    [TestCase("time.of-day in 22:00..06:00 or not has fw", "{}", null, TestName = "Never, though the clock is asked each day")]
    public void What_the_time_alone_would_change_is_told(string deniedWhen, string given, string? at)
    {
        LaterDecision later = Explained(deniedWhen, given).Later;
        Assert.That(later.At is { } moment ? InstantText.Format(moment.ToUnixTimeSeconds()) : null, Is.EqualTo(at));
        Assert.That(later.Decision is null, Is.EqualTo(at is null));
    }

    private static Counterfactual Explained(string deniedWhen, string given)
    {
        Assert.That(DeviceContext.TryParseJson(given, out DeviceContext? context, out _), Is.True);
        return Explainer.Of(Files(deniedWhen), out _)!.Explain(DecisionKind.Auth, context!, RandomPolicies.Now, counterfactual: true).Counterfactual!;
    }

    private static SourceFile[] Files(string deniedWhen) =>
    [
        new("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
        new("a.attributes.yaml", """
            attributes:
              fw:    { type: version, provenance: claimed, description: x }
              place: { type: address, provenance: claimed, description: x }
              tags:  { type: set, provenance: claimed, description: x }
              born:  { type: instant, provenance: claimed, description: x }
              age:   { type: duration, age-of: born, provenance: claimed, description: x }
              left:  { type: int, provenance: claimed, description: x }
              right: { type: int, provenance: claimed, description: x }
              low:   { type: int, maximum: -5, provenance: claimed, description: x }
              serial: { type: string, provenance: claimed, description: x }
            """),
        new("p.m2m", $"policy p\nauth {{\n  when {deniedWhen} deny \"no\"\n  otherwise use {{ methods x509 }}\n}}\n"),
    ];

    /// <summary>What is decided at the moment that is told, and at others before it.</summary>
    private static void TryMoments(Random random, Decider decider, DeviceContext context, Explanation explanation)
    {
        LaterDecision later = explanation.Counterfactual!.Later;
        PreparedContext prepared = decider.Prepare(context);
        if (later.At is { } at)
            Assert.That(decider.Decide(explanation.Decision.Kind, prepared, at).Outcome, Is.EqualTo(later.Decision!.Outcome));
        long seconds = (long)((later.At ?? later.LookedUntil ?? RandomPolicies.Now.AddDays(400)) - RandomPolicies.Now).TotalSeconds;
        for (int i = 0; i < 30 && seconds > 0; i++)
        {
            DateTimeOffset before = RandomPolicies.Now.AddSeconds(random.NextInt64(seconds));
            Assert.That(IsReached(explanation.Decision, decider.Decide(explanation.Decision.Kind, prepared, before)), Is.False, () => $"{before} for {string.Join(", ", context.Values)}");
        }
    }

    /// <summary>Other contexts that differ in at most so many attributes, with values that the policies' author made up.</summary>
    private static void TryFewer(Random random, RandomPolicies policies, Decider decider, DeviceContext context, Explanation explanation, int fewer)
    {
        for (int i = 0; i < 200 && fewer > 0; i++)
        {
            KeyValuePair<string, AttributeValue>[] others = [.. policies.Context(missing: 0).Values];
            random.Shuffle(others);
            DeviceContext changed = others.Take(fewer).Aggregate(context, (all, value) => all.With(value.Key, value.Value));
            Decision other = decider.Decide(explanation.Decision.Kind, decider.Prepare(changed), RandomPolicies.Now);
            Assert.That(IsReached(explanation.Decision, other), Is.False, () => string.Join(", ", changed.Values));
        }
    }

    private static bool IsReached(Decision before, Decision after) => before.Outcome.IsDenied ? !after.Outcome.IsDenied : !after.Outcome.Equals(before.Outcome);
}
