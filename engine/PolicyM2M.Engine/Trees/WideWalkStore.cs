using System.Runtime.InteropServices;

namespace PolicyM2M.Engine.Trees;

/// <summary>What a wide walk gathers. Used again by the thread that made it, one walk at a time, so that a walk allocates nothing once it has grown.</summary>
internal sealed class WideWalkStore
{
    private readonly List<int> _rules = [];
    private readonly HashSet<int> _answers = [];
    private AnswerTable? _table;
    private uint[] _stated = [];

    [field: ThreadStatic]
    public static WideWalkStore OfThread => field ??= new WideWalkStore();

    /// <summary>The nodes at which something was missing, and what every answer below them states.</summary>
    public Dictionary<int, uint> Walked { get; } = [];

    /// <summary>Cases of a leaf of masks, while it is looked at.</summary>
    public PossibleCases Cases { get; } = new();

    /// <summary>Cases of a list, while it is looked at.</summary>
    public Trials Trials { get; } = new();

    /// <param name="answers">The answers.</param>
    /// <param name="stated">The fields that each answer states.</param>
    public void Begin(AnswerTable answers, uint[] stated)
    {
        _table = answers;
        _stated = stated;
        _rules.Clear();
        _answers.Clear();
        Walked.Clear();
    }

    /// <summary>Adds an answer's rules; returns the fields that it states.</summary>
    public uint Add(int answer)
    {
        if (_answers.Add(answer))
            _rules.AddRange(_table![answer]);
        return _stated[answer];
    }

    /// <summary>The places of the rules, ascending and each once, and one more number: the fields that are stated whatever is missing, in the complement.</summary>
    public ReadOnlySpan<int> Distinct(uint stated)
    {
        _rules.Sort();
        int kept = 0;
        for (int i = 0; i < _rules.Count; i++)
        {
            if (kept == 0 || _rules[i] != _rules[kept - 1])
                _rules[kept++] = _rules[i];
        }
        _rules.RemoveRange(kept, _rules.Count - kept);
        _rules.Add((int)~stated);
        return CollectionsMarshal.AsSpan(_rules);
    }
}
