using System.Collections.Immutable;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Trees;

/// <summary>Writes nodes, leaves and answers, each once however often it is asked for. Mutable, for one thread.</summary>
internal sealed class ProgramWriter(ImmutableArray<(long Lowest, long Highest)> codes)
{
    /// <summary>Up to this many codes, which fill one line of a processor's cache, a branch is found by place, whatever the room; beyond it only where most codes differ.</summary>
    private const int AlwaysDirect = 16;

    private readonly List<int> _program = [];
    private readonly List<MaskLeaf> _masks = [];
    private readonly List<int> _answerStarts = [.. Enumerable.Repeat(0, DecisionKinds.All.Count + 1)];
    private readonly List<int> _answerRules = [];
    private readonly Dictionary<Words, int> _nodes = [];
    private readonly Dictionary<Words, int> _answers = [];

    /// <summary>How far it has come.</summary>
    public readonly record struct Mark(int Program, int Masks, int Answers);

    public Mark Here => new(_program.Count, _masks.Count, _answerStarts.Count);

    /// <summary>Forgets what was written since.</summary>
    public void Return(Mark mark)
    {
        _program.RemoveRange(mark.Program, _program.Count - mark.Program);
        _masks.RemoveRange(mark.Masks, _masks.Count - mark.Masks);
        _answerStarts.RemoveRange(mark.Answers, _answerStarts.Count - mark.Answers);
        _answerRules.RemoveRange(_answerStarts[^1], _answerRules.Count - _answerStarts[^1]);
        Forget(_nodes, mark.Program);
        Forget(_answers, mark.Answers - 1);

        static void Forget(Dictionary<Words, int> places, int first)
        {
            foreach (Words words in places.Where(place => place.Value >= first).Select(place => place.Key).ToArray())
                places.Remove(words);
        }
    }

    /// <summary>How many words were written.</summary>
    public int Length => _program.Count;

    public DecisionTrees ToTrees(IEnumerable<int> roots) =>
        new([.. _program], [.. _masks], new AnswerTable([.. _answerStarts], [.. _answerRules]), [.. roots]);

    /// <summary>The answer of these rules, ascending.</summary>
    public int Answer(int kind, ImmutableArray<int> rules)
    {
        if (rules.IsEmpty)
            return kind;
        if (_answers.TryGetValue(new Words(rules), out int answer))
            return answer;
        _answerRules.AddRange(rules);
        _answerStarts.Add(_answerRules.Count);
        return _answers[new Words(rules)] = _answerStarts.Count - 2;
    }

    public static int Leaf(int answer) => ~answer;

    /// <summary>A test of a facet: where each branch begins, ascending from the lowest code, and where it leads.</summary>
    public int Test(int facet, IReadOnlyList<(long Start, int Target)> cells)
    {
        var kept = new List<(long Start, int Target)>();
        foreach ((long Start, int Target) cell in cells)
        {
            if (kept.Count == 0 || kept[^1].Target != cell.Target)
                kept.Add(cell);
        }
        if (kept.Count == 1)
            return kept[0].Target;
        (long lowest, long highest) = codes[facet];
        ulong count = unchecked((ulong)highest - (ulong)lowest);
        if ((count < AlwaysDirect || count < (ulong)kept.Count * 2) && lowest >= int.MinValue && highest <= int.MaxValue)
            return Direct(facet, kept, lowest, highest);
        bool isNarrow = kept.Skip(1).All(cell => cell.Start is >= int.MinValue and <= int.MaxValue);
        var words = ImmutableArray.CreateBuilder<int>();
        words.Add(Engine.Trees.Words.Header(isNarrow ? NodeKind.Ordered : NodeKind.OrderedWide, facet));
        words.Add(kept.Count);
        foreach ((long start, _) in kept.Skip(1))
        {
            words.Add((int)start);
            if (!isNarrow)
                words.Add((int)(start >> 32));
        }
        words.AddRange(kept.Select(cell => cell.Target));
        return Node(words.ToImmutable());
    }

    /// <summary>Subtrees that hold together.</summary>
    public int Fork(IReadOnlyCollection<int> children) => children.Count == 1 ? children.Single()
        : Node([Engine.Trees.Words.Header(NodeKind.Fork, children.Count), .. children]);

    /// <summary>A leaf that tests its cases one after the other; the last has no tests.</summary>
    public int Cases(IReadOnlyList<Term> terms)
    {
        var words = ImmutableArray.CreateBuilder<int>();
        words.Add(Engine.Trees.Words.Header(NodeKind.Cases, terms.Count));
        foreach (Term term in terms)
        {
            words.Add(term.Answer);
            int counted = words.Count;
            words.Add(0);
            foreach ((int facet, var allowed) in term.Tests)
                TestWords.Write(words, facet, allowed, codes[facet]);
            words[counted] = words.Count - counted - 1;
        }
        return Node(words.ToImmutable());
    }

    public int Masks(MaskLeaf leaf)
    {
        _masks.Add(leaf);
        return Node([Engine.Trees.Words.Header(NodeKind.Masks, _masks.Count - 1)]);
    }

    private int Direct(int facet, List<(long Start, int Target)> cells, long lowest, long highest)
    {
        var words = ImmutableArray.CreateBuilder<int>();
        words.AddRange(Engine.Trees.Words.Header(NodeKind.Direct, facet), (int)lowest, (int)(highest - lowest + 1));
        int at = 0;
        for (long code = lowest; code <= highest; code++)
        {
            if (at + 1 < cells.Count && code == cells[at + 1].Start)
                at++;
            words.Add(cells[at].Target);
        }
        return Node(words.ToImmutable());
    }

    private int Node(ImmutableArray<int> words)
    {
        if (_nodes.TryGetValue(new Words(words), out int place))
            return place;
        place = _program.Count;
        _program.AddRange(words);
        return _nodes[new Words(words)] = place;
    }

    /// <summary>Words, equal by content.</summary>
    private readonly record struct Words(ImmutableArray<int> Items)
    {
        public bool Equals(Words other) => Items.AsSpan().SequenceEqual(other.Items.AsSpan());

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Items.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
