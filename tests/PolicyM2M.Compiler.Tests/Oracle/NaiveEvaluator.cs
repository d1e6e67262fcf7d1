using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Tests.Oracle;

/// <summary>
/// What the policies mean, read straight off DESIGN: no codes, no trees, no interning, and a meet of its own. A missing attribute
/// is tried with one value from every class of values that the policies can tell apart.
/// </summary>
internal static class NaiveEvaluator
{
    /// <summary>The outcome's fields by name, or null for deny. Lists keep their order.</summary>
    public static SortedDictionary<string, FieldValue>? Decide(BoundPolicySet set, DecisionKind kind, DeviceContext context)
    {
        SortedDictionary<string, FieldValue>? all = null;
        foreach (DeviceContext completion in Completions(set, context))
        {
            if (DecideComplete(set, kind, completion) is not { } outcome)
                return null;
            all = all is null ? outcome : Meet(kind, all, outcome);
            if (IsInConflict(kind, all))
                return null;
        }
        return all;
    }

    private static SortedDictionary<string, FieldValue>? DecideComplete(BoundPolicySet set, DecisionKind kind, DeviceContext context)
    {
        var met = new SortedDictionary<string, FieldValue>(StringComparer.Ordinal);
        bool isGranted = false, isDenied = false;
        foreach (BoundPolicy policy in set.Policies.Where(policy => Holds(policy.Target, context)))
        {
            var says = new List<Outcome>();
            foreach (BoundBlock block in policy.Blocks.Where(block => block.Kind == kind))
            {
                isGranted = true;
                says.Add(block.Cases.First(c => Holds(c.When, context)).Rule.Says);
            }
            says.AddRange(policy.Demands.Where(demand => demand.Rule.Kind == kind && Holds(demand.When, context)).Select(demand => demand.Rule.Says));
            isDenied |= says.Any(outcome => outcome.IsDenied);
            foreach (Outcome outcome in says)
                met = Meet(kind, met, new SortedDictionary<string, FieldValue>(outcome.Values.ToDictionary(v => v.Field.Name, v => v.Value), StringComparer.Ordinal));
        }
        if (!isGranted || isDenied || IsInConflict(kind, met))
            return null;
        foreach (Field field in Field.Of(kind).Where(field => !met.ContainsKey(field.Name)))
        {
            if (field.MustBeStated)
                return null;
            if (field.WhenUnstated is { } unstated)
                met[field.Name] = unstated;
        }
        if (Length(met, "fresh-for") > Length(met, "usable-for"))
            met["fresh-for"] = met["usable-for"];
        return met;
    }

    private static bool Holds(BoundCondition condition, DeviceContext context) => condition switch
    {
        BoundCondition.Constant constant => constant.Value,
        BoundCondition.Any any => any.Parts.Any(part => Holds(part, context)),
        BoundCondition.All all => all.Parts.All(part => Holds(part, context)),
        BoundCondition.Not not => !Holds(not.Part, context),
        BoundCondition.OneOf oneOf => oneOf.Values.Any(value => Compare(oneOf.Attribute, context.Values[oneOf.Attribute.Name], value) == 0),
        BoundCondition.Below below => Compare(below.Attribute, context.Values[below.Attribute.Name], below.Limit) is var order && (order < 0 || (below.OrEqual && order == 0)),
        _ => throw new InvalidOperationException(condition.GetType().Name),
    };

    private static int Compare(AttributeDefinition attribute, AttributeValue left, AttributeValue right) => attribute.Type switch
    {
        AttributeType.Bool => left.Boolean.CompareTo(right.Boolean),
        AttributeType.Int => left.Integer.CompareTo(right.Integer),
        AttributeType.Version => Version(left).CompareTo(Version(right)),
        AttributeType.Duration => Seconds(left).CompareTo(Seconds(right)),
        _ => string.CompareOrdinal(left.Text, right.Text),
    };

    private static SortedDictionary<string, FieldValue> Meet(DecisionKind kind, SortedDictionary<string, FieldValue> left, SortedDictionary<string, FieldValue> right)
    {
        var met = new SortedDictionary<string, FieldValue>(left, StringComparer.Ordinal);
        foreach ((string name, FieldValue theirs) in right)
            met[name] = met.TryGetValue(name, out FieldValue? mine) ? Stricter(Field.Find(kind, name)!, mine, theirs) : theirs;
        return met;
    }

    private static FieldValue Stricter(Field field, FieldValue left, FieldValue right) => (left, right) switch
    {
        (FieldValue.Names mine, FieldValue.Names theirs) => new FieldValue.Names([.. mine.Items.Where(item => theirs.Items.Contains(item))]),
        (FieldValue.Duration mine, FieldValue.Duration theirs) => new FieldValue.Duration(Math.Min(mine.Seconds, theirs.Seconds)),
        (FieldValue.Level mine, FieldValue.Level theirs) => mine.Rank > theirs.Rank ? mine : theirs,
        (FieldValue.Share mine, FieldValue.Share theirs) => (mine.Value.Value < theirs.Value.Value) == (field.Name == "renew-at") ? mine : theirs,
        _ => throw new InvalidOperationException($"{left} and {right} do not meet"),
    };

    private static long Length(SortedDictionary<string, FieldValue> outcome, string field) => ((FieldValue.Duration)outcome[field]).Seconds;

    private static bool IsInConflict(DecisionKind kind, SortedDictionary<string, FieldValue> outcome) =>
        outcome.Any(v => v.Value is FieldValue.Names { Items: [] } && v.Key != Field.Capabilities.Name && Field.Find(kind, v.Key) is not null);

    /// <summary>The context with every missing attribute filled in, in every way that matters.</summary>
    private static IEnumerable<DeviceContext> Completions(BoundPolicySet set, DeviceContext context)
    {
        IEnumerable<DeviceContext> completions = [context];
        foreach (AttributeDefinition attribute in Tested(set).Where(attribute => !context.Values.ContainsKey(attribute.Name)))
            completions = completions.SelectMany(c => Representatives(set, attribute).Select(value => c.With(attribute.Name, value))).ToList();
        return completions;
    }

    private static IEnumerable<AttributeDefinition> Tested(BoundPolicySet set) => Constants.Of(set).Tested.Select(name => set.Attributes.First(a => a.Name == name));

    private static ImmutableArray<AttributeValue> Representatives(BoundPolicySet set, AttributeDefinition attribute)
    {
        IEnumerable<AttributeValue> constants = Tests(set).SelectMany(test => test switch
        {
            BoundCondition.OneOf oneOf when oneOf.Attribute.Name == attribute.Name => oneOf.Values.AsEnumerable(),
            BoundCondition.Below below when below.Attribute.Name == attribute.Name => [below.Limit],
            _ => [],
        });
        return attribute.Type switch
        {
            AttributeType.Bool => [AttributeValue.Of(true), AttributeValue.Of(false)],
            AttributeType.Int => [.. constants.SelectMany(c => new[] { c.Integer - 1, c.Integer, c.Integer + 1 })
                .Where(n => n >= (attribute.Minimum ?? n) && n <= (attribute.Maximum ?? n)).Distinct().Select(AttributeValue.Of)],
            AttributeType.Duration => [.. constants.SelectMany(c => new[] { Seconds(c) - 1, Seconds(c), Seconds(c) + 1 })
                .Where(n => n >= (attribute.Minimum ?? 0) && n <= (attribute.Maximum ?? n)).Distinct().Select(n => AttributeValue.Of(DurationText.Format(n)))],
            AttributeType.Version => [.. constants.SelectMany(c => new[] { c.Text, c.Text + ".1" }).Append("0.0.0-0").Distinct().Select(AttributeValue.Of)],
            _ => attribute.Values.Length > 0 ? [.. attribute.Values.Select(AttributeValue.Of)] : [.. constants.Distinct().Append(AttributeValue.Of("something else"))],
        };
    }

    private static IEnumerable<BoundCondition> Tests(BoundPolicySet set) => set.Policies
        .SelectMany(policy => policy.Blocks.SelectMany(b => b.Cases).Select(c => c.When).Concat(policy.Demands.Select(d => d.When)).Append(policy.Target))
        .SelectMany(Leaves);

    private static IEnumerable<BoundCondition> Leaves(BoundCondition condition) => condition switch
    {
        BoundCondition.Any any => any.Parts.SelectMany(Leaves),
        BoundCondition.All all => all.Parts.SelectMany(Leaves),
        BoundCondition.Not not => Leaves(not.Part),
        _ => [condition],
    };

    private static SemanticVersion Version(AttributeValue value) => SemanticVersion.TryParse(value.Text, out SemanticVersion? version) ? version : throw new FormatException(value.Text);

    private static long Seconds(AttributeValue value) => DurationText.TryParse(value.Text, out long seconds) ? seconds : throw new FormatException(value.Text);
}
