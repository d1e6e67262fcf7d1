using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>
/// What decision points told about one device. Immutable; whoever holds one can tell by its identity that nothing has changed. Orders are those of the calls of this client: which was asked
/// first, whichever is answered first.
/// </summary>
internal sealed record DeviceFacts(string Device)
{
    /// <summary>No decision of any kind.</summary>
    public static ImmutableArray<DateTimeOffset> NothingKept { get; } = [.. DecisionKinds.All.Select(_ => DateTimeOffset.MinValue)];

    /// <summary>The policies that answer for it; null where nobody answered for it yet, or the last answer was a refusal: then nothing kept answers for it.</summary>
    public RevisionStamp? Served { get; init; }

    /// <summary>What a revision must not be before: of the policies seen the latest, whether or not they still answer.</summary>
    public RevisionStamp? LatestSeen { get; init; }

    public HeldStatement? Statement { get; init; }

    /// <summary>The statement that counted when it was last answered for, where one that says something else was told since; null where that still counts.</summary>
    public HeldStatement? AnsweredUnder { get; init; }

    /// <summary>The last call whose answer brought the statement, or left it as it was; or when a watch told it.</summary>
    public long ConfirmedBy { get; init; }

    /// <summary>The version of what the registry holds of it, as a watch told last; null while none has.</summary>
    public long? Version { get; init; }

    /// <summary>The latest version that a watch told since this process began. It is another than the one told last where the decision point has lost its registry since, or the device went from that.</summary>
    public long LatestVersion { get; init; }

    /// <summary>When it was heard that the registry says something else of it; -1 for never.</summary>
    public long ChangedAt { get; init; } = -1;

    /// <summary>The last call whose answer was no: a permission asked for before it is not kept.</summary>
    public long RefusedAt { get; init; } = -1;

    /// <summary>When what answers for it was forgotten: what a watch tells that was begun before it may have been said before it, and gives nothing back.</summary>
    public long ForgottenAt { get; init; } = -1;

    /// <summary>The decisions of other revisions that hold unchanged under the one served, by the SHA-256 of their payloads in hexadecimal.</summary>
    public ImmutableHashSet<string> Unchanged { get; init; } = [];

    /// <summary>For each kind until when a decision is usable that was kept for it since this process began.</summary>
    public ImmutableArray<DateTimeOffset> KeptUntil { get; init; } = NothingKept;

    /// <summary>Whether anything of it may answer.</summary>
    public bool Answers => Served is not null || Statement is not null;

    /// <summary>Whether what is known of the device is still so, as far as anybody has told.</summary>
    public bool IsCurrent => ConfirmedBy > ChangedAt;

    /// <summary>
    /// Whether a version that a watch tells is news. The first is where an answer was asked for before that watch began: nobody knows whether the registry said the same then. Calls of a process
    /// before this one have the order 0.
    /// </summary>
    public bool IsOtherVersion(long version, long watchedSince) => Version is { } known ? known != version : Served is not null && ConfirmedBy < watchedSince;

    /// <summary>
    /// Whether a version that a watch tells is from before one that was told: by a copy of the registry that lags, as another decision point may have after a fail-over. Only while its statement is
    /// fresh: then it is asked for anyway, and a registry that was set back for good is believed again. A version of 0 is none: the registry holds nothing of it, or is away.
    /// </summary>
    public bool IsEarlierVersion(long version, DateTimeOffset now) => version != 0 && version < Math.Max(LatestVersion, Version ?? 0) && now < Statement?.FreshUntil;

    /// <summary>Whether another statement says otherwise of it than what counted before.</summary>
    public bool IsSaidOtherwise(DeviceFacts after) => Served is not null && after.Statement is { } stated && !ReferenceEquals(stated, Statement)
        && !(Statement?.SaysAs(stated) ?? stated.Values.Count == 0);

    /// <summary>Whether the policies of a decision are those that answer, or it holds unchanged under them.</summary>
    public bool IsServed(KeptDecision kept) => Served is { } served && (!served.IsOtherThan(kept.Decision.Revision) || Unchanged.Contains(kept.Hash));

    /// <summary>
    /// With the statement that came with an answer: an older one does not take the place of a newer while that counts, and confirms nothing; nor does one that was asked for before a refusal.
    /// </summary>
    public DeviceFacts Stated(HeldStatement? came, long order, DateTimeOffset now)
    {
        if (came is not null && (order < RefusedAt || (Statement is { } held && now < held.ValidUntil && came.IsBefore(held, isAskedBefore: order < ConfirmedBy))))
            return this;
        return this with { Statement = came ?? Statement, ConfirmedBy = Math.Max(ConfirmedBy, order) };
    }

    /// <summary>With the statement that a watch told, unless an older one: then as it was. The decision point vouches for it as of now.</summary>
    public DeviceFacts Told(HeldStatement told, long order, DateTimeOffset now)
    {
        // The windows of one that is held already began when it was asked for.
        DeviceFacts after = Stated(told.Digest == Statement?.Digest ? Statement : told, order, now);
        return ReferenceEquals(after, this) || Statement is null || after.Statement!.SaysAs(Statement) ? after : after with { AnsweredUnder = AnsweredUnder ?? Statement };
    }

    /// <summary>With other policies served to it.</summary>
    /// <param name="stamp">The policies.</param>
    /// <param name="unchanged">The decisions that hold under them as they are, besides those of which it was told before, where they are the same policies.</param>
    public DeviceFacts ServedBy(RevisionStamp stamp, ImmutableHashSet<string> unchanged)
    {
        RevisionStamp after = stamp.After(LatestSeen);
        bool isSame = Served is { } served && !served.IsOtherThan(stamp.Id);
        // Whoever tells ever more of them gets no more memory.
        return this with { Served = after, LatestSeen = after, Unchanged = isSame && Unchanged.Count <= DecisionIndex.MaximumDecisions ? Unchanged.Union(unchanged) : unchanged };
    }

    /// <summary>Without anything that answers for it.</summary>
    /// <param name="refusedAt">When it was asked what was refused.</param>
    /// <param name="forgottenAt">When it is forgotten.</param>
    public DeviceFacts Forgotten(long refusedAt, long forgottenAt) => this with
    {
        Served = null,
        Statement = null,
        AnsweredUnder = null,
        Unchanged = [],
        KeptUntil = NothingKept,
        RefusedAt = Math.Max(RefusedAt, refusedAt),
        ForgottenAt = Math.Max(ForgottenAt, forgottenAt),
    };

    /// <summary>With a decision that was kept for it.</summary>
    public DeviceFacts Keeps(KeptDecision kept) => this with { KeptUntil = KeptUntil.SetItem((int)kept.Kind, kept.UsableUntil) };
}

/// <summary>
/// The one place that holds what is known of a device: replaced whole by the memory under its lock, and read by everybody without one. Mutable; safe for all threads.
/// </summary>
internal sealed class DeviceSlot(DeviceFacts facts)
{
    private volatile DeviceFacts _facts = facts;
    private volatile bool _isGone;
    private volatile bool _isWatched;
    private long _usedAt;

    public DeviceFacts Facts
    {
        get => _facts;
        set => _facts = value;
    }

    /// <summary>When it was last asked about, in ticks by the device's clock.</summary>
    public long UsedAt
    {
        get => Volatile.Read(ref _usedAt);
        set => Volatile.Write(ref _usedAt, value);
    }

    /// <summary>Whether others took its place: then whoever holds it asks the memory for another.</summary>
    public bool IsGone
    {
        get => _isGone;
        set => _isGone = value;
    }

    /// <summary>Whether a watch of its own tells of it: then nobody need see to one.</summary>
    public bool IsWatched
    {
        get => _isWatched;
        set => _isWatched = value;
    }

    /// <summary>Where the last answer of each kind came from; -1 while there was none.</summary>
    public int[] LastSources { get; } = [-1, -1, -1];

    /// <summary>What was not used of what it said of itself, and what it did not say.</summary>
    public ContextReading Reading { get; } = new(facts.Device);
}
