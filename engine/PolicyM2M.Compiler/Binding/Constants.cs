using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Binding;

/// <summary>The free texts and versions that a policy set compares attributes with: an attribute's codes are places among them.</summary>
internal static class Constants
{
    /// <summary>The coding of each attribute, in the order of the schema, and the names of the attributes that some condition tests.</summary>
    public static (ImmutableArray<AttributeCoding> Codings, ImmutableArray<string> Tested) Of(BoundPolicySet set)
    {
        var found = set.Attributes.ToDictionary(attribute => attribute.Name, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        var tested = new SortedSet<string>(StringComparer.Ordinal);
        var visited = new HashSet<BoundCondition>(ReferenceEqualityComparer.Instance);
        foreach (BoundPolicy policy in set.Policies)
        {
            Visit(policy.Target);
            foreach (BoundCondition when in policy.Blocks.SelectMany(block => block.Cases).Select(c => c.When).Concat(policy.Demands.Select(d => d.When)))
                Visit(when);
        }
        return ([.. set.Attributes.Select(attribute => new AttributeCoding(attribute, Ordered(attribute, found[attribute.Name])))], [.. tested]);

        void Visit(BoundCondition condition)
        {
            if (!visited.Add(condition))
                return;
            switch (condition)
            {
                case BoundCondition.Any any:
                    foreach (BoundCondition part in any.Parts)
                        Visit(part);
                    break;
                case BoundCondition.All all:
                    foreach (BoundCondition part in all.Parts)
                        Visit(part);
                    break;
                case BoundCondition.Not not:
                    Visit(not.Part);
                    break;
                case BoundCondition.OneOf oneOf:
                    tested.Add(oneOf.Attribute.Name);
                    found[oneOf.Attribute.Name].UnionWith(oneOf.Values.Select(value => value.Text));
                    break;
                case BoundCondition.Below below:
                    tested.Add(below.Attribute.Name);
                    found[below.Attribute.Name].Add(below.Limit.Text);
                    break;
            }
        }
    }

    /// <summary>Compares two texts as versions.</summary>
    public static int Compare(string left, string right) => Version(left).CompareTo(Version(right));

    private static ImmutableArray<string> Ordered(AttributeDefinition attribute, HashSet<string> texts) => attribute.Type switch
    {
        // `2.4` and `2.4.0` are one version: the first in ordinal order stands for both, on every machine.
        AttributeType.Version => [.. texts.Order(StringComparer.Ordinal).GroupBy(Version).OrderBy(group => group.Key).Select(group => group.First())],
        AttributeType.String when attribute.Values.Length == 0 => [.. texts.Order(StringComparer.Ordinal)],
        _ => [],
    };

    private static SemanticVersion Version(string text) =>
        SemanticVersion.TryParse(text, out SemanticVersion? version) ? version : throw new InvalidOperationException($"`{text}` was bound as a version and is none");
}
