using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Trees;

/// <summary>
/// Warns of a kind of decision that everybody is denied, though some case allows something: each answer of its tree is a denial. Where trees stand side by side it counts only what
/// rules of one of them deny by themselves, so that of a set too large for one tree it may say nothing.
/// </summary>
internal sealed class DeniedKinds
{
    private readonly ImmutableArray<Rule> _rules;
    private readonly DecisionTrees _trees;
    private readonly DecisionKind _kind;
    private readonly Dictionary<(int Place, bool IsPart), bool> _denied = [];
    private readonly List<ImmutableArray<Rule>> _denying = [];

    private DeniedKinds(ImmutableArray<Rule> rules, DecisionTrees trees, DecisionKind kind)
    {
        _rules = rules;
        _trees = trees;
        _kind = kind;
    }

    public static void Warn(BoundPolicySet set, ImmutableArray<Rule> rules, DecisionTrees trees, Faults faults)
    {
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            BoundBlock? allowing = set.Policies.SelectMany(policy => policy.Blocks).FirstOrDefault(block => block.Kind == kind && block.Cases.Any(c => !c.Rule.Says.IsDenied));
            // Where a case always holds, or never, that is said, and is why.
            if (allowing is null || allowing.Cases.Any(c => faults.IsDoubted(c.Rule.Source)))
                continue;
            var search = new DeniedKinds(rules, trees, kind);
            if (search.IsDenied(trees.Roots[(int)kind], isPart: false))
                faults.DeniesEverybody(allowing.Source, kind, search.By());
        }
    }

    /// <summary>Whether each answer of a tree is a denial.</summary>
    /// <param name="place">The tree.</param>
    /// <param name="isPart">Whether others stand beside it, so that what it does not say may be said there.</param>
    private bool IsDenied(int place, bool isPart)
    {
        if (_denied.TryGetValue((place, isPart), out bool known))
            return known;
        return _denied[(place, isPart)] = place < 0 ? IsDenial(~place, isPart) : Words.KindOf(_trees.Program[place]) switch
        {
            NodeKind.Fork => Children(place).Any(IsDeniedPart),
            NodeKind.Cases => Answers(place).All(answer => IsDenied(~answer, isPart)),
            NodeKind.Masks => _trees.Masks[Words.NumberOf(_trees.Program[place])].Answers.Distinct().All(answer => IsDenied(~answer, isPart)),
            _ => Children(place).All(child => IsDenied(child, isPart)),
        };
    }

    /// <summary>Of one of several trees side by side: one that denies everybody is enough, and what others deny to some is not why.</summary>
    private bool IsDeniedPart(int place)
    {
        int before = _denying.Count;
        bool isDenied = IsDenied(place, isPart: true);
        if (!isDenied)
            _denying.RemoveRange(before, _denying.Count - before);
        return isDenied;
    }

    private bool IsDenial(int answer, bool isPart)
    {
        Rule[] applying = [.. _trees.Answers[answer].ToArray().Select(rule => _rules[rule])];
        if (isPart && !applying.Any(rule => rule.Says.IsDenied))
            return false;
        Decision decision = Judgement.Of(_kind, applying, applying.Aggregate(0u, (stated, rule) => stated | Omissions.StatedBy(rule.Says, rule.IsCase)));
        if (decision.Outcome.IsDenied)
            _denying.Add(decision.Rules);
        return decision.Outcome.IsDenied;
    }

    /// <summary>The rules that deny in each answer; where none does in all of them, those that do in some.</summary>
    private ImmutableArray<Rule> By()
    {
        IEnumerable<Rule> everywhere = _denying.Skip(1).Aggregate(_denying[0].AsEnumerable(), (common, rules) => common.Intersect(rules));
        return [.. everywhere.Any() ? everywhere : _denying.SelectMany(rules => rules).Distinct()];
    }

    private int[] Children(int place) => (Words.KindOf(_trees.Program[place]) == NodeKind.Fork
        ? _trees.Program.AsSpan().Slice(place + 1, Words.NumberOf(_trees.Program[place])) : TreeWalk.Branches(_trees.Program.AsSpan(), place)).ToArray();

    /// <summary>What the cases of a leaf answer.</summary>
    private List<int> Answers(int place)
    {
        var answers = new List<int>();
        int at = place + 1;
        for (int i = Words.NumberOf(_trees.Program[place]); i > 0; i--)
        {
            answers.Add(_trees.Program[at]);
            at += 2 + _trees.Program[at + 1];
        }
        return answers;
    }
}
