using System.Collections.Immutable;
using System.Text;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Benchmarks.Sets;

/// <summary>An attribute of a generated set.</summary>
/// <param name="Name">Its dotted name.</param>
/// <param name="Type">Its type and limits as an attribute schema spells them: <c>int, minimum: 0</c>.</param>
internal sealed record GeneratedAttribute(string Name, string Type);

/// <summary>A case: it matches where all its tests hold.</summary>
internal sealed record GeneratedRule(ImmutableArray<RuleTest> Tests, int Outcome)
{
    public bool Matches(ReadOnlySpan<AttributeValue> values)
    {
        foreach (RuleTest test in Tests)
        {
            if (!test.Holds(values[test.Attribute]))
                return false;
        }
        return true;
    }
}

/// <summary>A policy with one block: the first rule that matches, else <paramref name="Otherwise"/>, else deny.</summary>
internal sealed record GeneratedPolicy(string Name, RuleTest? Target, ImmutableArray<GeneratedRule> Rules, int? Otherwise = null);

/// <summary>A policy set that a generator made, as policies to compile and as plain data to answer from.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="Policies">Its policies.</param>
/// <param name="Contexts">What is asked: a value for each attribute.</param>
internal sealed record GeneratedSet(
    string Name, ImmutableArray<GeneratedAttribute> Attributes, ImmutableArray<GeneratedPolicy> Policies, ImmutableArray<AttributeValue[]> Contexts)
{
    /// <summary>How many outcomes there are to tell apart.</summary>
    public const int Outcomes = 24;

    public int RuleCount => Policies.Sum(policy => policy.Rules.Length);

    /// <summary>The set's files.</summary>
    public IReadOnlyList<SourceFile> Sources() =>
    [
        new SourceFile("policyset.yaml", $"name: {Name}\nattributes: all.attributes.yaml\npolicies:\n{string.Concat(Policies.Select(policy => $"  - {policy.Name}.m2m\n"))}"),
        new SourceFile("all.attributes.yaml", "attributes:\n" + string.Concat(Attributes.Select(attribute =>
            $"  {attribute.Name}: {{ type: {attribute.Type}, provenance: claimed, description: Drawn by a generator. }}\n"))),
        .. Policies.Select(policy => new SourceFile($"{policy.Name}.m2m", Text(policy))),
    ];

    /// <summary>What must be answered: tried rule by rule, policy by policy.</summary>
    public ExpectedAnswer Expected(ReadOnlySpan<AttributeValue> values)
    {
        ExpectedAnswer? met = null;
        foreach (GeneratedPolicy policy in Policies)
        {
            if (policy.Target?.Holds(values[policy.Target.Attribute]) == false)
                continue;
            ExpectedAnswer said = Answer(policy, values);
            met = met is null ? said : met.Value.Meet(said);
        }
        return met ?? ExpectedAnswer.Denied;
    }

    private static ExpectedAnswer Answer(GeneratedPolicy policy, ReadOnlySpan<AttributeValue> values)
    {
        foreach (GeneratedRule rule in policy.Rules)
        {
            if (rule.Matches(values))
                return ExpectedAnswer.Of(rule.Outcome);
        }
        return policy.Otherwise is { } otherwise ? ExpectedAnswer.Of(otherwise) : ExpectedAnswer.Denied;
    }

    private string Text(GeneratedPolicy policy)
    {
        var text = new StringBuilder($"policy {policy.Name}");
        if (policy.Target is { } target)
            text.Append($" for {Spelled(target)}");
        text.Append("\n\n");
        foreach (RuleTest.Listed list in policy.Rules.SelectMany(rule => rule.Tests).OfType<RuleTest.Listed>().DistinctBy(list => list.Definition).OrderBy(list => list.Definition, StringComparer.Ordinal))
            text.Append(list.Define(Attributes[list.Attribute].Name)).Append('\n');
        foreach (int outcome in policy.Rules.Select(rule => rule.Outcome).Append(policy.Otherwise ?? policy.Rules[0].Outcome).Distinct().Order())
            text.Append(ExpectedAnswer.Of(outcome).Profile($"o{outcome}"));
        text.Append("\ncipher-suites {\n");
        foreach (GeneratedRule rule in policy.Rules)
            text.Append($"  when {string.Join(" and ", rule.Tests.Select(Spelled))} use o{rule.Outcome}\n");
        if (policy.Otherwise is { } otherwise)
            text.Append($"  otherwise use o{otherwise}\n");
        return text.Append("}\n").ToString();

        string Spelled(RuleTest test) => test.Spell(Attributes[test.Attribute].Name);
    }
}
