using System.Collections.Immutable;

namespace PolicyM2M.Engine.Trees;

/// <summary>Counts what a walk can meet.</summary>
internal static class TreeShape
{
    /// <summary>How many nodes the roots lead to, how many of them the longest way meets, and how many cases stand in leaves.</summary>
    public static (int Nodes, int Depth, int Cases) Of(DecisionTrees trees)
    {
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        var depths = new SortedDictionary<int, int>();
        var below = new Stack<int>(trees.Roots);
        while (below.TryPop(out int at))
        {
            if (at < 0 || !depths.TryAdd(at, 0))
                continue;
            foreach (int child in Children(program, at))
                below.Push(child);
        }

        // A reference leads to an earlier node, so ascending places have their children behind them.
        int cases = 0;
        foreach (int at in depths.Keys.ToImmutableArray())
        {
            int deepest = 0;
            foreach (int child in Children(program, at))
                deepest = Math.Max(deepest, child < 0 ? 0 : depths[child]);
            depths[at] = deepest + 1;
            cases += Words.KindOf(program[at]) switch
            {
                NodeKind.Cases => Words.NumberOf(program[at]),
                NodeKind.Masks => trees.Masks[Words.NumberOf(program[at])].Answers.Length,
                _ => 0,
            };
        }
        return (depths.Count, trees.Roots.Max(root => root < 0 ? 0 : depths[root]), cases);
    }

    private static ReadOnlySpan<int> Children(ReadOnlySpan<int> program, int at) => Words.KindOf(program[at]) switch
    {
        NodeKind.Cases or NodeKind.Masks => [],
        NodeKind.Fork => program.Slice(at + 1, Words.NumberOf(program[at])),
        _ => TreeWalk.Branches(program, at),
    };
}
