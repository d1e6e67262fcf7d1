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
            says.AddRange(policy.Demands.Where(demand => demand.Rule.Kind == kind && Holds(demand.When, context) && !IsWaived(demand, context)).Select(demand => demand.Rule.Says));
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

    private static bool IsWaived(BoundDemand demand, DeviceContext context) => demand.Waivers.Any(waiver =>
        RandomPolicies.Now.ToUnixTimeSeconds() >= waiver.From && RandomPolicies.Now.ToUnixTimeSeconds() < waiver.Until && Holds(waiver.When, context));

    private static bool Holds(BoundCondition condition, DeviceContext context) => condition switch
    {
        BoundCondition.Constant constant => constant.Value,
        BoundCondition.Any any => any.Parts.Any(part => Holds(part, context)),
        BoundCondition.All all => all.Parts.All(part => Holds(part, context)),
        BoundCondition.Not not => !Holds(not.Part, context),
        BoundCondition.OneOf oneOf => oneOf.Values.Any(value => Compare(oneOf.Attribute, ValueOf(oneOf.Attribute, context), value) == 0),
        BoundCondition.Below below => Compare(below.Attribute, ValueOf(below.Attribute, context), below.Limit) is var order && (order < 0 || (below.OrEqual && order == 0)),
        BoundCondition.Has has => context.Values.ContainsKey($"given {has.Attribute.AgeOf ?? has.Attribute.Name}"),
        BoundCondition.Contains contains => ValueOf(contains.Attribute, context).Texts.Contains(contains.Item),
        BoundCondition.StartsWith starts => ValueOf(starts.Attribute, context).Text.StartsWith(starts.Prefix, StringComparison.Ordinal),
        BoundCondition.Within within => within.Blocks.Any(block => block.Contains(Address(ValueOf(within.Attribute, context)))),
        BoundCondition.SameAs same => Compare(same.Left, ValueOf(same.Left, context), ValueOf(same.Right, context)) == 0,
        BoundCondition.Clock clock => Clock(clock.Reading, RandomPolicies.Now.ToOffset(TimeSpan.FromMinutes(clock.OffsetMinutes))) is var shown && clock.Values.Any(interval => shown >= interval.Low && shown <= interval.High),
        _ => throw new InvalidOperationException(condition.GetType().Name),
    };

    /// <summary>A completed context holds every value that conditions look at, but for ages.</summary>
    private static AttributeValue ValueOf(AttributeDefinition attribute, DeviceContext context)
    {
        if (attribute.AgeOf is { } instant && context.Values.TryGetValue(instant, out AttributeValue since))
            return AttributeValue.Of(DurationText.Format(RandomPolicies.Now.ToUnixTimeSeconds() - Instant(since)));
        return context.Values.TryGetValue(attribute.Name, out AttributeValue value) ? value : throw new InvalidOperationException($"{attribute.Name} was not completed");
    }

    private static long Clock(ClockReading reading, DateTimeOffset local) => reading switch
    {
        ClockReading.Now => local.ToUnixTimeSeconds(),
        ClockReading.TimeOfDay => (long)local.TimeOfDay.TotalSeconds,
        _ => ((int)local.DayOfWeek + 6) % 7,
    };

    private static int Compare(AttributeDefinition attribute, AttributeValue left, AttributeValue right) => attribute.Type switch
    {
        AttributeType.Bool => left.Boolean.CompareTo(right.Boolean),
        AttributeType.Int => left.Integer.CompareTo(right.Integer),
        AttributeType.Version => Version(left).CompareTo(Version(right)),
        AttributeType.Duration => Seconds(left).CompareTo(Seconds(right)),
        AttributeType.Instant => Instant(left).CompareTo(Instant(right)),
        AttributeType.Address => Address(left).CompareTo(Address(right)),
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
        // What is given stays told from what is assumed: `has` asks for it.
        IEnumerable<DeviceContext> completions = [context.Values.Keys.Aggregate(context, (all, name) => all.With($"given {name}", AttributeValue.Of(true)))];
        foreach (AttributeDefinition attribute in Tested(set).Where(attribute => !context.Values.ContainsKey(attribute.Name)))
            completions = attribute.Default is { } standard ? completions.Select(c => c.With(attribute.Name, standard)) :
                completions.SelectMany(c => Representatives(set, attribute).Select(value => c.With(attribute.Name, value))).ToList();
        return completions;
    }

    private static IEnumerable<AttributeDefinition> Tested(BoundPolicySet set) => Constants.Of(set).Needed.Select(name => set.Attributes.First(a => a.Name == name));

    private static ImmutableArray<AttributeValue> Representatives(BoundPolicySet set, AttributeDefinition attribute)
    {
        IEnumerable<AttributeValue> constants = Tests(set).SelectMany(test => test switch
        {
            BoundCondition.OneOf oneOf when oneOf.Attribute.Name == attribute.Name => oneOf.Values.AsEnumerable(),
            BoundCondition.Below below when below.Attribute.Name == attribute.Name => [below.Limit],
            BoundCondition.OneOf oneOf when oneOf.Attribute.AgeOf == attribute.Name => oneOf.Values.Select(Born),
            BoundCondition.Below below when below.Attribute.AgeOf == attribute.Name => [Born(below.Limit)],
            BoundCondition.StartsWith starts when starts.Attribute.Name == attribute.Name => [AttributeValue.Of(starts.Prefix), AttributeValue.Of(starts.Prefix + "~"), AttributeValue.Of(starts.Prefix + "\0")],
            BoundCondition.Within within when within.Attribute.Name == attribute.Name => within.Blocks.SelectMany(block => new[] { block.First - 1, block.First, block.Last, block.Last + 1 })
                .Select(address => AttributeValue.Of(AddressBlock.Format(address))),
            _ => [],
        });
        return attribute.Type switch
        {
            AttributeType.Bool => [AttributeValue.Of(true), AttributeValue.Of(false)],
            // What is asked only for its being there has one class of values.
            AttributeType.Int => [.. constants.SelectMany(c => new[] { c.Integer - 1, c.Integer, c.Integer + 1 }).Append(attribute.Minimum ?? 0)
                .Where(n => n >= (attribute.Minimum ?? n) && n <= (attribute.Maximum ?? n)).Distinct().Select(AttributeValue.Of)],
            AttributeType.Duration => [.. constants.SelectMany(c => new[] { Seconds(c) - 1, Seconds(c), Seconds(c) + 1 })
                .Where(n => n >= (attribute.Minimum ?? 0) && n <= (attribute.Maximum ?? n)).Distinct().Select(n => AttributeValue.Of(DurationText.Format(n)))],
            AttributeType.Instant => [.. constants.Select(Instant).SelectMany(n => new[] { n - 1, n, n + 1 }).Append(RandomPolicies.Now.ToUnixTimeSeconds())
                .Where(n => n <= RandomPolicies.Now.ToUnixTimeSeconds() || !set.Attributes.Any(a => a.AgeOf == attribute.Name)).Distinct().Select(n => AttributeValue.Of(InstantText.Format(n)))],
            AttributeType.Set => [.. Subsets([.. Tests(set).OfType<BoundCondition.Contains>().Select(test => test.Item).Distinct()])],
            AttributeType.Address => [.. constants.Concat([AttributeValue.Of("::"), AttributeValue.Of("::fffe:ffff:ffff"), AttributeValue.Of("0.0.0.0"), AttributeValue.Of("255.255.255.255"), AttributeValue.Of("::1:0:0:0")]).Distinct()],
            AttributeType.Version => [.. constants.SelectMany(c => new[] { c.Text, c.Text + ".1" }).Append("0.0.0-0").Distinct().Select(AttributeValue.Of)],
            _ => attribute.Values.Length > 0 ? [.. attribute.Values.Select(AttributeValue.Of)] : [.. constants.Distinct().Append(AttributeValue.Of("something else")).Append(AttributeValue.Of(""))],
        };
    }

    private static AttributeValue Born(AttributeValue age) => AttributeValue.Of(InstantText.Format(RandomPolicies.Now.ToUnixTimeSeconds() - Seconds(age)));

    private static IEnumerable<AttributeValue> Subsets(string[] items) =>
        Enumerable.Range(0, 1 << items.Length).Select(bits => AttributeValue.Of(items.Where((_, i) => (bits >> i & 1) != 0)));

    private static IEnumerable<BoundCondition> Tests(BoundPolicySet set) => set.Policies
        .SelectMany(policy => policy.Blocks.SelectMany(b => b.Cases).Select(c => c.When).Concat(policy.Demands.Select(d => d.When)).Concat(policy.Waivers.Select(w => w.When)).Append(policy.Target))
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

    private static long Instant(AttributeValue value) => InstantText.TryParse(value.Text, out long seconds) ? seconds : throw new FormatException(value.Text);

    private static UInt128 Address(AttributeValue value) => AddressBlock.TryParseAddress(value.Text, out UInt128 address) ? address : throw new FormatException(value.Text);
}
