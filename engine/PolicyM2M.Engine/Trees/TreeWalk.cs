using System.Runtime.CompilerServices;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Engine.Trees;

/// <summary>The short way through a tree: everything it asks for is known, and it never forks. <see cref="WideWalk{TContext, TPath}"/> does the rest.</summary>
internal static class TreeWalk
{
    /// <summary>Says that the short way ended: what was asked for is missing, or the tree forks.</summary>
    public const int NotShort = -1;

    /// <summary>The place of the answer, or <see cref="NotShort"/>. Allocates nothing. The context goes by reference, and not by `in`: a generic one would be copied at each question.</summary>
    public static int Answer<TContext, TPath>(DecisionTrees trees, int at, scoped ref TContext context, ref TPath path)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        while (at >= 0)
        {
            int header = program[at], number = Words.NumberOf(header), branch;
            switch (Words.KindOf(header))
            {
                case NodeKind.Direct:
                    if (!context.TryGet(number, out long code))
                        return NotShort;
                    branch = (int)code - program[at + 1];
                    path.Turn(at, branch);
                    at = program[at + 3 + branch];
                    break;
                case NodeKind.Ordered:
                    if (!context.TryGet(number, out code))
                        return NotShort;
                    int count = program[at + 1];
                    branch = LastNotAbove(program.Slice(at + 2, count - 1), code);
                    path.Turn(at, branch);
                    at = program[at + 1 + count + branch];
                    break;
                case NodeKind.OrderedWide:
                    if (!context.TryGet(number, out code))
                        return NotShort;
                    count = program[at + 1];
                    branch = LastNotAboveWide(program.Slice(at + 2, 2 * (count - 1)), code);
                    path.Turn(at, branch);
                    at = program[at + 2 * count + branch];
                    break;
                case NodeKind.Cases:
                    FirstCase(trees, at, number, ref context, ref path, out int answer);
                    return answer;
                case NodeKind.Masks:
                    MaskLeaf leaf = trees.Masks[number];
                    int match = leaf.FirstMatch(at, ref context, ref path);
                    return match < 0 ? NotShort : leaf.Answers[match];
                default:
                    return NotShort;
            }
        }
        return ~at;
    }

    /// <summary>Where the branch lies that a code takes at a testing node.</summary>
    public static int BranchOf(ReadOnlySpan<int> program, int at, long code) => Words.KindOf(program[at]) switch
    {
        NodeKind.Direct => (int)code - program[at + 1],
        NodeKind.Ordered => LastNotAbove(program.Slice(at + 2, program[at + 1] - 1), code),
        _ => LastNotAboveWide(program.Slice(at + 2, 2 * (program[at + 1] - 1)), code),
    };

    /// <summary>The references of a testing node's branches.</summary>
    public static ReadOnlySpan<int> Branches(ReadOnlySpan<int> program, int at)
    {
        NodeKind kind = Words.KindOf(program[at]);
        int count = program[kind == NodeKind.Direct ? at + 2 : at + 1];
        return program.Slice(kind switch { NodeKind.Direct => at + 3, NodeKind.Ordered => at + 1 + count, _ => at + 2 * count }, count);
    }

    /// <summary>The code at which a branch of a testing node begins; not for the first, which begins with the lowest.</summary>
    public static long StartOf(ReadOnlySpan<int> program, int at, int branch) => Words.KindOf(program[at]) switch
    {
        NodeKind.Direct => program[at + 1] + (long)branch,
        NodeKind.Ordered => program[at + 1 + branch],
        _ => Words.Wide(program, at + 2 * branch),
    };

    /// <summary>The place of the first case whose tests all hold, and its answer; -1 and <see cref="NotShort"/> where that cannot be told.</summary>
    public static int FirstCase<TContext, TPath>(DecisionTrees trees, int at, int count, scoped ref TContext context, ref TPath path, out int answer)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        ReadOnlySpan<int> program = trees.Program.AsSpan();
        int place = 0, next = at + 1;
        if (count >= CaseRun.FewestCases && typeof(TPath) == typeof(NoPath))
        {
            place = context.CountRefused(trees.RunAt(at, count, context.Table).Refused.AsSpan());
            next += place * CaseRun.WordsPerCase;
        }
        for (; place < count; place++)
        {
            answer = program[next];
            int test = next + 2;
            next = test + program[next + 1];
            for (int words; test < next; test += words)
            {
                int header = program[test];
                if (!context.TryGet(Words.NumberOf(header), out long code))
                {
                    answer = NotShort;
                    return -1;
                }
                bool holds;
                (holds, words) = Words.TestOf(header) switch
                {
                    TestKind.AtLeast => (code >= program[test + 1], 2),
                    TestKind.AtMost => (code <= program[test + 1], 2),
                    _ => (Holds(program, test, code), TestCodes.Next(program, test) - test),
                };
                if (!holds)
                {
                    path.Turn(at, test);
                    goto next;
                }
            }
            path.Turn(at, Step.Matched(place));
            return place;
        next:;
        }
        throw new InvalidOperationException("the last case of a leaf has tests");
    }

    /// <summary>Whether a test holds for a code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Holds(ReadOnlySpan<int> program, int at, long code) => Words.TestOf(program[at]) switch
    {
        TestKind.AtLeast => code >= program[at + 1],
        TestKind.AtMost => code <= program[at + 1],
        TestKind.Between => code >= program[at + 1] && code <= program[at + 2],
        _ => HoldsIn(program, at, code),
    };

    private static bool HoldsIn(ReadOnlySpan<int> program, int at, long code)
    {
        bool isWide = Words.TestOf(program[at]) == TestKind.InWide;
        int low = 0, high = program[at + 1] - 1, size = isWide ? 4 : 2;
        while (low <= high)
        {
            int middle = (low + high) >>> 1, interval = at + 2 + middle * size;
            if (code < (isWide ? Words.Wide(program, interval) : program[interval]))
                high = middle - 1;
            else if (code > (isWide ? Words.Wide(program, interval + 2) : program[interval + 1]))
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    /// <summary>How many bounds are not above the code: the place of its branch. Most nodes have few bounds, and a short scan is fastest there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LastNotAbove(ReadOnlySpan<int> bounds, long code)
    {
        const int Few = 8;
        int low = 0;
        if (bounds.Length <= Few)
        {
            while (low < bounds.Length && bounds[low] <= code)
                low++;
            return low;
        }
        int high = bounds.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (bounds[middle] <= code)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static int LastNotAboveWide(ReadOnlySpan<int> bounds, long code)
    {
        int low = 0, high = bounds.Length / 2;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Words.Wide(bounds, 2 * middle) <= code)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
