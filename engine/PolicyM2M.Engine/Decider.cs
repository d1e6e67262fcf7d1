using System.Collections.Concurrent;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Trees;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine;

/// <summary>
/// Answers from one bundle. The whole decision: walk the tree of the kind to an answer, a set of rules, and look up what they meet in.
/// What one answer's rules meet in is made once and kept, so that a way to an answer met before allocates nothing. Where answers are joined what they meet in is kept too, as far
/// as there is room, and by the
/// cells of the context that came to it: a context of cells met before allocates nothing either, unless newer ones took their place. Safe for all threads.
/// </summary>
public sealed class Decider
{
    /// <summary>
    /// How many different answers that join several of the trees' own are kept for a kind. Real sets have tens; a hostile caller could otherwise
    /// fill the memory with rare combinations. Beyond it an answer is the same, only made anew each time.
    /// </summary>
    private const int MaximumKept = 50_000;

    private readonly DecisionTrees _trees;
    private readonly Decision?[] _answers;
    private readonly uint[] _stated;
    private readonly RegionMemory _regions;
    private readonly Lazy<Cells?>[] _cells;
    private readonly DirectCache<Decision>[] _byCells;
    private readonly ConcurrentDictionary<int[], Decision>[] _joined;
    private readonly ConcurrentDictionary<int[], Decision>.AlternateLookup<ReadOnlySpan<int>>[] _lookups;

    /// <summary>Makes a decider for these policies.</summary>
    public Decider(Bundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        Bundle = bundle;
        _trees = bundle.Trees;
        AnswerTable answers = bundle.Trees.Answers;
        _answers = new Decision?[answers.Count];
        _stated = new uint[answers.Count];
        for (int answer = 0; answer < _stated.Length; answer++)
        {
            foreach (int rule in answers[answer])
                _stated[answer] |= bundle.RuleTable.StatedBy(rule);
        }
        _regions = new RegionMemory(bundle.Trees, bundle.AttributeTable);
        _cells = [.. bundle.Trees.Roots.Select(root => new Lazy<Cells?>(() => Cells.Of(_trees, bundle.AttributeTable.Codes.AsSpan(), root)))];
        _byCells = [.. DecisionKinds.All.Select(_ => new DirectCache<Decision>())];
        _joined = [.. DecisionKinds.All.Select(_ => new ConcurrentDictionary<int[], Decision>(RuleSets.Comparer))];
        _lookups = [.. _joined.Select(kept => kept.GetAlternateLookup<ReadOnlySpan<int>>())];
    }

    /// <summary>The policies it answers from.</summary>
    public Bundle Bundle { get; }

    /// <summary>Reads a context by the bundle's attribute schema.</summary>
    public PreparedContext Prepare(DeviceContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return PreparedContext.Prepare(context, Bundle.AttributeTable);
    }

    /// <summary>Decides, as of a moment: whole seconds of it count.</summary>
    /// <exception cref="ArgumentException">The context was prepared by another bundle.</exception>
    public Decision Decide(DecisionKind kind, PreparedContext context, DateTimeOffset now)
    {
        Demand(context);
        if (context.Known(kind) is { } known)
            return known;
        var path = default(NoPath);
        bool askedClock = false;
        PreparedContext.AtTime at = context.At(now, ref askedClock);
        Decision decision = Decide(kind, ref at, ref path);
        if (!askedClock)
            context.Keep(kind, decision);
        return decision;
    }

    /// <summary>Decides, and notes the way taken, which tells the region in which the decision holds.</summary>
    /// <exception cref="ArgumentException">The context was prepared by another bundle.</exception>
    public Decision Decide(DecisionKind kind, PreparedContext context, DateTimeOffset now, DecisionPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Demand(context);
        path.Begin(_regions);
        bool askedClock = false;
        PreparedContext.AtTime at = context.At(now, ref askedClock);
        var pen = new DecisionPath.Pen(path);
        return Decide(kind, ref at, ref pen);
    }

    /// <summary>Decides straight from raw values: each attribute is read when a test asks for it, and nothing is prepared or allocated.</summary>
    /// <param name="kind">What to decide.</param>
    /// <param name="values">A value for each attribute at the place that <see cref="Bundle.PlaceOf"/> tells; the default where it is missing.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="ArgumentException">There are fewer or more values than attributes.</exception>
    public Decision Decide(DecisionKind kind, ReadOnlySpan<AttributeValue> values, DateTimeOffset now)
    {
        var path = default(NoPath);
        RawContext raw = Raw(values, now);
        return Decide(kind, ref raw, ref path);
    }

    /// <summary>Decides straight from raw values, and notes the way taken.</summary>
    /// <exception cref="ArgumentException">There are fewer or more values than attributes.</exception>
    public Decision Decide(DecisionKind kind, ReadOnlySpan<AttributeValue> values, DateTimeOffset now, DecisionPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        RawContext raw = Raw(values, now);
        path.Begin(_regions);
        var pen = new DecisionPath.Pen(path);
        return Decide(kind, ref raw, ref pen);
    }

    private void Demand(PreparedContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ReferenceEquals(context.Table, Bundle.AttributeTable))
            throw new ArgumentException("the context was prepared by another bundle", nameof(context));
    }

    private RawContext Raw(ReadOnlySpan<AttributeValue> values, DateTimeOffset now)
    {
        if (values.Length != Bundle.AttributeTable.Codings.Length)
            throw new ArgumentException($"there are {values.Length} values for {Bundle.AttributeTable.Codings.Length} attributes", nameof(values));
        return new RawContext(Bundle.AttributeTable, values, now);
    }

    private Decision Decide<TContext, TPath>(DecisionKind kind, scoped ref TContext context, ref TPath path)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        int answer = TreeWalk.Answer(_trees, _trees.Roots[(int)kind], ref context, ref path);
        return answer >= 0 ? _answers[answer] ?? Make(kind, answer) : Recall(kind, ref context, ref path);
    }

    private Decision Make(DecisionKind kind, int answer)
    {
        int[] rules = Bundle.Trees.Answers[answer].ToArray();
        Decision made = Judgement.Of(kind, rules.Select(place => Bundle.RuleTable[place]), _stated[answer]);
        return Interlocked.CompareExchange(ref _answers[answer], made, null) ?? made;
    }

    /// <summary>Where the short way ends, contexts of the same cells are walked once, unless the way itself is wanted.</summary>
    private Decision Recall<TContext, TPath>(DecisionKind kind, scoped ref TContext context, ref TPath path)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        if (typeof(TPath) != typeof(NoPath) || _cells[(int)kind].Value is not { } cells)
            return Join(kind, ref context, ref path);
        Span<long> key = stackalloc long[Cells.MaximumFacets];
        key = key[..cells.Count];
        cells.Read(ref context, key);
        ulong hash = DirectCache<Decision>.Hash(key);
        if (_byCells[(int)kind].Find(key, hash) is { } known)
            return known;
        Decision decision = Join(kind, ref context, ref path);
        _byCells[(int)kind].Keep(key, hash, decision);
        return decision;
    }

    private Decision Join<TContext, TPath>(DecisionKind kind, scoped ref TContext context, ref TPath path)
        where TContext : IFacetSource, allows ref struct
        where TPath : IPath
    {
        WideWalkStore store = WideWalkStore.OfThread;
        store.Begin(_trees.Answers, _stated);
        path.Restart();
        uint stated = new WideWalk<TContext, TPath>(_trees, Bundle.AttributeTable.Codes.AsSpan(), context, store, ref path).From(_trees.Roots[(int)kind]);
        ReadOnlySpan<int> key = store.Distinct(stated);
        if (_lookups[(int)kind].TryGetValue(key, out Decision? decision))
            return decision;
        int[] kept = key.ToArray();
        decision = Judgement.Of(kind, kept[..^1].Select(place => Bundle.RuleTable[place]), stated);
        return _joined[(int)kind].Count < MaximumKept ? _joined[(int)kind].GetOrAdd(kept, decision) : decision;
    }
}
