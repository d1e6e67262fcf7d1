using System.Collections.Immutable;
using PolicyM2M.Compiler.Lowering;

namespace PolicyM2M.Compiler.Trees;

/// <summary>What is left to decide at a place of a tree: the rules that apply for certain, ascending, and the lists that are still open. Equal by content.</summary>
internal sealed class Problem : IEquatable<Problem>
{
    private readonly int _hash;

    public Problem(ImmutableArray<int> decided, ImmutableArray<CaseList> lists)
    {
        Decided = decided;
        Lists = lists;
        var hash = new HashCode();
        foreach (int rule in decided)
            hash.Add(rule);
        foreach (CaseList list in lists)
            hash.Add(list);
        _hash = hash.ToHashCode();
    }

    public ImmutableArray<int> Decided { get; }

    public ImmutableArray<CaseList> Lists { get; }

    /// <summary>How many cases are left.</summary>
    public long Size => Lists.Sum(list => (long)list.Cases.Length);

    public IEnumerable<LoweredCase> Cases => Lists.SelectMany(list => list.Cases);

    /// <summary>The problem of some lists, those that are decided counted as such.</summary>
    public static Problem Of(IEnumerable<int> decided, IEnumerable<CaseList> lists)
    {
        var rules = new List<int>(decided);
        var open = ImmutableArray.CreateBuilder<CaseList>();
        foreach (CaseList list in lists)
        {
            if (!list.IsDecided)
                open.Add(list);
            else if (list.Cases[0].Rule != LoweredCase.Silent)
                rules.Add(list.Cases[0].Rule);
        }
        rules.Sort();
        return new Problem([.. rules], open.ToImmutable());
    }

    public bool Equals(Problem? other) =>
        other is not null && _hash == other._hash && Decided.AsSpan().SequenceEqual(other.Decided.AsSpan()) && Lists.AsSpan().SequenceEqual(other.Lists.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as Problem);

    public override int GetHashCode() => _hash;
}

/// <summary>Cases, of which the first that matches is chosen; the last always matches. Equal by content.</summary>
internal sealed class CaseList : IEquatable<CaseList>
{
    private readonly int _hash;

    private CaseList(ImmutableArray<LoweredCase> cases)
    {
        Cases = cases;
        var hash = new HashCode();
        foreach (LoweredCase c in cases)
        {
            hash.Add(c.Condition);
            hash.Add(c.Rule);
        }
        _hash = hash.ToHashCode();
    }

    public ImmutableArray<LoweredCase> Cases { get; }

    /// <summary>Whether its first case always matches.</summary>
    public bool IsDecided => Cases[0].Condition == ConditionTable.Always;

    /// <summary>The list without cases that cannot match, and without those after one that always does.</summary>
    public static CaseList Of(IEnumerable<LoweredCase> cases)
    {
        var pruned = new Pruned();
        foreach (LoweredCase c in cases)
        {
            if (pruned.IsClosed)
                break;
            pruned.Add(c);
        }
        return pruned.ToList();
    }

    public bool Equals(CaseList? other) => ReferenceEquals(this, other) || (other is not null && _hash == other._hash && Cases.AsSpan().SequenceEqual(other.Cases.AsSpan()));

    public override bool Equals(object? obj) => Equals(obj as CaseList);

    public override int GetHashCode() => _hash;

    /// <summary>Takes the cases of a list one after the other. Mutable, for one thread.</summary>
    internal sealed class Pruned
    {
        private readonly List<LoweredCase> _kept = [];

        /// <summary>Whether a case always matches: nothing after it matters.</summary>
        public bool IsClosed { get; private set; }

        public int Count => _kept.Count;

        public void Add(LoweredCase c)
        {
            if (c.Condition == ConditionTable.Never)
                return;
            IsClosed = c.Condition == ConditionTable.Always;
            // A case that says the same as the one that then always matches adds nothing.
            while (IsClosed && _kept.Count > 0 && _kept[^1].Rule == c.Rule)
                _kept.RemoveAt(_kept.Count - 1);
            _kept.Add(c);
        }

        public CaseList ToList() => new([.. _kept]);
    }
}
