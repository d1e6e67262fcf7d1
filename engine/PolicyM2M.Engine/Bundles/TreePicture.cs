using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>The tree of one kind of decision, for people: what each node asks, in the words of the language. Equal subtrees are one node.</summary>
/// <param name="Kind">The kind of decision.</param>
/// <param name="Nodes">The nodes; the first is the root.</param>
public sealed record TreePicture(DecisionKind Kind, ImmutableArray<TreePictureNode> Nodes)
{
    /// <summary>Draws the tree of a kind.</summary>
    public static TreePicture Of(Bundle bundle, DecisionKind kind)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return new Drawing(bundle).From(kind);
    }

    private sealed class Drawing(Bundle bundle)
    {
        private readonly List<int> _places = [];
        private readonly Dictionary<int, int> _numbers = [];

        private DecisionTrees Trees => bundle.Trees;

        public TreePicture From(DecisionKind kind)
        {
            NumberOf(Trees.Roots[(int)kind]);
            var nodes = ImmutableArray.CreateBuilder<TreePictureNode>();
            // What a node leads to is numbered while it is drawn, and drawn in its turn.
            for (int i = 0; i < _places.Count; i++)
                nodes.Add(_places[i] < 0 ? Answer(~_places[i]) : Node(_places[i]));
            bool isWhole = nodes.All(node => node.Form != TreePictureForm.Fork);
            return new TreePicture(kind, [.. nodes.Select(node => node.Form == TreePictureForm.Answer ? node with { Denial = DenialOf(kind, node.Rules, isWhole) } : node)]);
        }

        /// <summary>Why an answer denies. Where others hold together with it, what it leaves out may be said there, so that only what its rules say counts.</summary>
        private static string? DenialOf(DecisionKind kind, ImmutableArray<Rule> rules, bool isWhole) => !isWhole && !rules.Any(rule => rule.Says.IsDenied) ? null
            : Judgement.Of(kind, rules, rules.Aggregate(0u, (stated, rule) => stated | Omissions.StatedBy(rule.Says, rule.IsCase))).Outcome.Denial;

        private int NumberOf(int place)
        {
            if (!_numbers.TryGetValue(place, out int number))
            {
                number = _numbers[place] = _places.Count;
                _places.Add(place);
            }
            return number;
        }

        private TreePictureNode Answer(int answer)
        {
            ImmutableArray<Rule> rules = [.. Trees.Answers[answer].ToArray().Select(rule => bundle.RuleTable[rule])];
            return new TreePictureNode(TreePictureForm.Answer, [], rules);
        }

        private TreePictureNode Node(int at)
        {
            ReadOnlySpan<int> program = Trees.Program.AsSpan();
            int number = Words.NumberOf(program[at]);
            switch (Words.KindOf(program[at]))
            {
                case NodeKind.Cases:
                    return new TreePictureNode(TreePictureForm.Cases, Cases(at, number), []);
                case NodeKind.Masks:
                    MaskLeaf leaf = Trees.Masks[number];
                    string asked = string.Join(", ", leaf.Facets.Select(facet => new RegionConstraint(bundle.AttributeTable, facet, null).Subject).Distinct());
                    return new TreePictureNode(TreePictureForm.Masks, [.. leaf.Answers.Distinct().Select(answer => new TreePictureEdge($"by masks over {asked}", NumberOf(~answer)))], []);
                case NodeKind.Fork:
                    return new TreePictureNode(TreePictureForm.Fork, [.. program.Slice(at + 1, number).ToArray().Select(child => new TreePictureEdge("and", NumberOf(child)))], []);
                default:
                    var edges = ImmutableArray.CreateBuilder<TreePictureEdge>();
                    foreach (int child in TreeWalk.Branches(program, at).ToArray().Distinct())
                    {
                        var constraint = new RegionConstraint(bundle.AttributeTable, number, RegionReader.CodesTo(program, at, child, bundle.AttributeTable.Codes[number]));
                        edges.Add(new TreePictureEdge(constraint.ToString(), NumberOf(child)));
                    }
                    return new TreePictureNode(TreePictureForm.Test, edges.ToImmutable(), []);
            }
        }

        private ImmutableArray<TreePictureEdge> Cases(int node, int count)
        {
            var edges = ImmutableArray.CreateBuilder<TreePictureEdge>(count);
            ReadOnlySpan<int> program = Trees.Program.AsSpan();
            int at = node + 1;
            for (int i = 0; i < count; i++)
            {
                int answer = program[at], end = at + 2 + program[at + 1];
                var tests = new List<string>();
                for (at += 2; at < end; at = TestCodes.Next(program, at))
                {
                    int facet = Words.NumberOf(program[at]);
                    tests.Add(new RegionConstraint(bundle.AttributeTable, facet, TestCodes.Read(program, at, bundle.AttributeTable.Codes[facet])).ToString());
                }
                edges.Add(new TreePictureEdge(tests.Count == 0 ? "otherwise" : string.Join(" and ", tests), NumberOf(~answer)));
            }
            return edges.MoveToImmutable();
        }
    }
}

/// <summary>The forms of a node.</summary>
public enum TreePictureForm
{
    /// <summary>It tests one thing, and each edge is a set of its values.</summary>
    Test,

    /// <summary>Its edges are tried in order.</summary>
    Cases,

    /// <summary>As <see cref="Cases"/>, tested all at once by bit masks.</summary>
    Masks,

    /// <summary>All its edges are taken, and what they lead to holds together.</summary>
    Fork,

    /// <summary>The rules that apply.</summary>
    Answer,
}

/// <summary>A node of a picture.</summary>
/// <param name="Form">Its form.</param>
/// <param name="Edges">What it leads to, in the order of the values.</param>
/// <param name="Rules">The rules of an answer, in the order of the manifest; empty where no rule applies, or where it is no answer.</param>
public sealed record TreePictureNode(TreePictureForm Form, ImmutableArray<TreePictureEdge> Edges, ImmutableArray<Rule> Rules)
{
    /// <summary>Why an answer denies; null where it does not, or is none. Of answers that hold together with others it is what their own rules say.</summary>
    public string? Denial { get; init; }
}

/// <summary>An edge of a picture.</summary>
/// <param name="Label">The values for which it is taken, as a policy would write them.</param>
/// <param name="Node">The place of the node that it leads to.</param>
public sealed record TreePictureEdge(string Label, int Node);
