using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Compiler.Binding;

/// <summary>What a condition asks, without how it is joined.</summary>
internal static class ConditionTests
{
    /// <summary>The attributes that a test reads.</summary>
    public static IEnumerable<AttributeDefinition> AttributesOf(BoundCondition test) => test switch
    {
        BoundCondition.OneOf one => [one.Attribute],
        BoundCondition.Below below => [below.Attribute],
        BoundCondition.Has has => [has.Attribute],
        BoundCondition.Contains contains => [contains.Attribute],
        BoundCondition.StartsWith starts => [starts.Attribute],
        BoundCondition.Within within => [within.Attribute],
        BoundCondition.SameAs same => [same.Left, same.Right],
        _ => [],
    };

    /// <summary>The tests that a condition is made of, each once, from left to right.</summary>
    public static IEnumerable<BoundCondition> Of(BoundCondition condition)
    {
        // Parts are shared, and a walk per path might not end.
        var seen = new HashSet<BoundCondition>(ReferenceEqualityComparer.Instance);
        var open = new Stack<BoundCondition>([condition]);
        while (open.TryPop(out BoundCondition? next))
        {
            if (!seen.Add(next))
                continue;
            ImmutableArray<BoundCondition> parts = next switch
            {
                BoundCondition.Any any => any.Parts,
                BoundCondition.All all => all.Parts,
                BoundCondition.Not not => [not.Part],
                _ => [],
            };
            if (parts.IsEmpty)
                yield return next;
            for (int i = parts.Length - 1; i >= 0; i--)
                open.Push(parts[i]);
        }
    }
}
