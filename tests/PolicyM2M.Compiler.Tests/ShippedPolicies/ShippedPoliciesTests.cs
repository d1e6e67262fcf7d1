using System.Text;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.ShippedPolicies;

/// <summary>The set in <c>policies/</c>: what it decides for every example is reviewed text, and what it promises holds for all of them.</summary>
internal sealed class ShippedPoliciesTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "policies");
    private static readonly Decider Decider = new(PolicyCompiler.Compile(Repository.Sources(Folder)).Bundle!);
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static IEnumerable<string> Examples => Directory.GetFiles(Path.Combine(Folder, "examples"), "*.json").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!;

    [Test]
    public void It_compiles_without_a_warning() => Assert.That(PolicyCompiler.Compile(Repository.Sources(Folder)).Diagnostics, Is.Empty);

    [TestCaseSource(nameof(Examples))]
    public void Each_example_is_decided_as_reviewed(string example)
    {
        PreparedContext context = Decider.Prepare(Context(example));
        Assert.That(context.Unusable, Is.Empty, "an example holds only what the schema knows");
        var text = new StringBuilder();
        if (!context.Missing.IsEmpty)
            text.Append("missing: ").AppendJoin(", ", context.Missing).Append("\n\n");
        foreach (DecisionKind kind in DecisionKinds.All)
            text.Append(Shown(Decider.Decide(kind, context, Now))).Append('\n');
        Snapshot.Match(text.ToString(), example);
    }

    [TestCaseSource(nameof(Examples))]
    public void A_site_only_tightens(string example)
    {
        DeviceContext elsewhere = Context(example).With("location.site", AttributeValue.Of("a site without an overlay"));
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            Outcome baseline = Decide(kind, elsewhere);
            foreach (string site in new[] { "plant-7", "substation-12" })
            {
                Outcome atSite = Decide(kind, elsewhere.With("location.site", AttributeValue.Of(site)));
                Assert.That(atSite.IsDenied || baseline.Meet(atSite).Equals(atSite), Is.True, $"{kind.Name()} at {site}: {atSite} is not as tight as {baseline}");
            }
        }
    }

    [TestCaseSource(nameof(Examples))]
    public void To_know_less_never_loosens(string example)
    {
        DeviceContext context = Context(example);
        foreach (string attribute in context.Values.Keys)
        {
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                Outcome known = Decide(kind, context), unknown = Decide(kind, context.Where(name => name != attribute));
                Assert.That(unknown.IsDenied || known.Meet(unknown).Equals(unknown) || SameNames(known.Meet(unknown), unknown), Is.True,
                    $"{kind.Name()} without {attribute}: {unknown} is looser than {known}");
            }
        }
    }

    [Test]
    public void No_suite_that_it_allows_is_discouraged()
    {
        IEnumerable<string> suites = Decider.Bundle.Rules.Select(rule => rule.Says[Field.Suites]).OfType<FieldValue.Names>().SelectMany(names => names.Items).Distinct();
        Assert.That(suites.Where(suite => TlsRegistry.CipherSuites[suite].Recommended == 'D'), Is.Empty, "RFC 9847 and RFC 10015");
    }

    [Test]
    public void Examples_cover_every_kind_of_device() => Assert.That(
        Examples.Select(example => Context(example).Values.TryGetValue("device.type", out AttributeValue type) ? type.Text : "").Distinct(),
        Is.SupersetOf(new[] { "plc", "sensor", "gateway", "camera", "meter", "actuator" }));

    private static Outcome Decide(DecisionKind kind, DeviceContext context) => Decider.Decide(kind, Decider.Prepare(context), Now).Outcome;

    private static DeviceContext Context(string example) =>
        DeviceContext.TryParseJson(File.ReadAllText(Path.Combine(Folder, "examples", example + ".json")), out DeviceContext? context, out string? error) ? context : throw new FormatException(error);

    /// <summary>Preference is the manifest's, and with more rules in play another may speak first; strictness is about which names are left.</summary>
    private static bool SameNames(Outcome left, Outcome right) => Unordered(left) == Unordered(right);

    private static string Unordered(Outcome outcome) =>
        string.Join("  ", outcome.Values.Select(v => $"{v.Field.Name} {(v.Value is FieldValue.Names names ? string.Join(", ", names.Items.Order()) : v.Value)}"));

    private static string Shown(Decision decision)
    {
        var text = new StringBuilder();
        text.Append(decision.Kind.Name()).Append(decision.Outcome.IsDenied ? $": deny \"{decision.Outcome.Denial}\"" : "").Append('\n');
        foreach ((Field field, FieldValue value) in decision.Outcome.Values)
            text.Append($"  {field.Name,-18} {value}\n");
        foreach (Rule rule in decision.Rules)
            text.Append($"  by {rule.Policy} {rule.Label}\n");
        return text.ToString();
    }
}
