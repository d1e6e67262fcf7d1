using System.Collections.Immutable;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>
/// What the client knows: decisions, what was told of devices, and the keys that both are believed by. Mutable; safe for all threads. Writers take one lock and replace immutable parts whole,
/// readers take none.
/// </summary>
internal sealed class DecisionMemory
{
    private readonly DeviceTable _devices;
    private readonly DeviceClock _clock;
    private readonly Lock _lock = new();
    private volatile DecisionIndex _index;
    private volatile PinnedKeys _keys;
    private volatile ImmutableSortedSet<string>? _needed;
    private volatile SetAside? _aside;

    /// <param name="content">What was kept before this process began.</param>
    /// <param name="clock">The device's clock: where it stands before a moment already seen, nothing from before is fresh.</param>
    /// <param name="self">The id of this device, which has its place however many others there are.</param>
    /// <param name="aside">What is kept beside it for other decision points; null for nothing.</param>
    public DecisionMemory(StoreContent content, DeviceClock clock, string self, SetAside? aside = null)
    {
        _aside = aside;
        _clock = clock;
        _keys = content.Keys;
        _needed = content.NeededAttributes;
        _devices = new DeviceTable(content.Devices, self);
        _index = DecisionIndex.Of(clock.SetBackBy > TimeSpan.Zero ? content.Decisions.Select(kept => kept.FromLaterClock()) : content.Decisions);
    }

    /// <summary>Something changed.</summary>
    public event Action<MemoryChange>? Changed;

    /// <summary>What was thrown away because its signature does not hold.</summary>
    public event Action<string>? Discarded;

    /// <summary>Where what is known of this device stands.</summary>
    public DeviceSlot Self => _devices.Self;

    public DecisionIndex Index => _index;

    public PinnedKeys Keys => _keys;

    /// <summary>What answers nothing, and is kept until somebody who is asked has answered; null for nothing.</summary>
    public SetAside? Aside => _aside;

    /// <summary>The attributes that the decision point asks for; null while it has told none.</summary>
    public ImmutableSortedSet<string>? Needed => _needed;

    /// <inheritdoc cref="DeviceTable.Slot"/>
    public DeviceSlot Slot(string device) => _devices.Slot(device);

    /// <summary>What the store keeps of it.</summary>
    /// <param name="bootId">The start of the machine.</param>
    public StoreContent Content(string? bootId)
    {
        lock (_lock)
        {
            ImmutableArray<DeviceFacts> devices = StoredDevices.Within(_devices.All.Where(slot => slot.Facts.LatestSeen is not null), Self);
            var content = new StoreContent(_clock.Now, _keys, _needed, devices, [.. _index.All]) { BootId = _clock.IsKnown ? bootId : null };
            return _aside?.Beside(content) ?? content;
        }
    }

    /// <summary>
    /// What a bundle needs to answer for this device: the keys, and which policies were seen. Without what the registry says, and so that nothing is fresh by it: it is for the day on which the rest is lost.
    /// </summary>
    /// <param name="bootId">The start of the machine.</param>
    public StoreContent OfSelf(string? bootId)
    {
        DeviceFacts self = Self.Facts with { Statement = null, Unchanged = [], ConfirmedBy = 0, ChangedAt = 0 };
        return new StoreContent(_clock.Now, _keys, _needed, [self], []) { BootId = _clock.IsKnown ? bootId : null };
    }

    /// <summary>What is known of a device, without a statement that is not signed by a key of today, or is another device's: that is thrown away.</summary>
    public DeviceFacts Believed(DeviceSlot slot)
    {
        DeviceFacts facts = slot.Facts;
        if (facts.Statement is not { } statement || (statement.Says.DeviceId == facts.Device && statement.IsBelieved(_keys.Trusted)))
            return facts;
        lock (_lock)
        {
            if (ReferenceEquals(slot.Facts.Statement, statement))
                slot.Facts = slot.Facts with { Statement = null };
        }
        Discarded?.Invoke($"the statement about {facts.Device} is about {statement.Says.DeviceId}, or not signed by a key that is trusted");
        Changed?.Invoke(MemoryChange.TakenBack);
        return slot.Facts;
    }

    /// <summary>What is kept for a question; null where nothing is. A fresh decision goes before one that is only usable, and a newer one before an older.</summary>
    public Found? Find(DecisionKind kind, ClaimSet claims, DateTimeOffset now)
    {
        DeviceFacts facts = Believed(claims.Slot);
        // Whom nobody answered for, or who was refused, does not get what others were given.
        if (facts.Served is null)
            return null;
        bool isCurrent = facts.IsCurrent && _clock.IsKnown;
        ImmutableArray<KeptDecision> kept = _index.Of(kind);
        Found? best = null;
        for (int i = kept.Length - 1; i >= 0; i--)
        {
            KeptDecision candidate = kept[i];
            bool isFresh = isCurrent && !candidate.IsFromLaterClock && now < candidate.FreshUntil && now < candidate.StatedFreshUntil(facts) && facts.IsServed(candidate);
            if ((best is not null && !isFresh) || !candidate.Holds(claims, facts, now) || !IsBelieved(candidate))
                continue;
            best = new Found(candidate, facts, isFresh, candidate.HoldsUntil(claims, facts, now));
            if (isFresh)
                break;
        }
        return best;
    }

    /// <summary>Keeps the answers to a question, instead of all that was kept for it. What came to be known while they were on their way stays: they may be from before it.</summary>
    /// <param name="claims">The question.</param>
    /// <param name="answer">The answers, of one revision, and what came with them.</param>
    /// <param name="order">When they were asked for, among all calls of this client.</param>
    /// <param name="servedWhenAsked">What was served then.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether all of them are for the device as it is known now.</returns>
    public bool Keep(ClaimSet claims, Answer answer, long order, RevisionStamp? servedWhenAsked, DateTimeOffset now)
    {
        Keeping keeping;
        bool isNews;
        lock (_lock)
        {
            DeviceSlot slot = claims.Slot;
            _aside = null;
            keeping = Keeping.Of(claims, _index, answer, order, servedWhenAsked, now);
            isNews = IsNews(slot, keeping.Facts.LatestSeen);
            if (keeping.IsServed)
                _needed = answer.Needed;
            slot.Facts = keeping.Facts;
            _index = keeping.Index;
        }
        Changed?.Invoke(isNews ? MemoryChange.TakenBack : keeping.Change);
        return keeping.IsWhole;
    }

    /// <summary>Takes note of what is served to a device, and of the decisions that hold under it as they are. What is unknown of the others changes with it, where they were served the same.</summary>
    /// <param name="device">The device.</param>
    /// <param name="stamp">The policies.</param>
    /// <param name="needed">The attributes that they need of a device.</param>
    /// <param name="unchanged">The decisions.</param>
    /// <param name="watchedSince">When the watch that told so began, among all calls of this client. What one tells that was begun before the device was refused counts for nothing.</param>
    /// <returns>Whether these are other policies than before, and what they were refused for: because those were already seen.</returns>
    public (bool IsChanged, RevisionStamp? RefusedFor) Serve(string device, RevisionStamp stamp, ImmutableSortedSet<string> needed, IEnumerable<string> unchanged, long watchedSince)
    {
        bool isChanged, isNew, isFirst;
        lock (_lock)
        {
            DeviceSlot slot = Slot(device);
            DeviceFacts before = slot.Facts;
            if (watchedSince < before.ForgottenAt)
                return (false, null);
            if (before.LatestSeen is { } seen && stamp.IsBefore(seen))
                return (false, seen);
            _needed = needed;
            isChanged = before.Served?.IsOtherThan(stamp.Id) ?? false;
            isNew = before.Served?.Id != stamp.Id || before.Served.ActivatedAt != stamp.ActivatedAt;
            isFirst = before.Served is null;
            ImmutableHashSet<string> same = [.. unchanged];
            if (isNew || !same.IsSubsetOf(before.Unchanged))
                slot.Facts = before.ServedBy(stamp, same);
            if (isChanged)
            {
                foreach (DeviceSlot other in _devices.All.Where(other => other.Facts.Served is { } served && !served.IsOtherThan(before.Served!.Id)))
                    other.Facts = other.Facts.ServedBy(stamp, same);
            }
        }
        if (isNew)
            Changed?.Invoke(isChanged ? MemoryChange.TakenBack : isFirst ? MemoryChange.First : MemoryChange.Ordinary);
        return (isChanged, null);
    }

    /// <summary>
    /// Takes note of what a watch tells of what the registry holds of a device. Where that is of another version, what is known of the device is not current any more; but where its statement comes with it, it is.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="version">The version that its watch told.</param>
    /// <param name="statement">The statement that its watch told, verified; null where none came that is to be believed.</param>
    /// <param name="watchedSince">When that watch began, among all calls of this client. What one tells that was begun before the device was refused counts for nothing.</param>
    /// <param name="order">Two places of now among all calls of this client, in that order: of the version, and of the statement.</param>
    /// <returns>Whether the version is another, and why what was told is not taken; null where it is.</returns>
    public (bool IsOther, string? Refusal) Told(string device, long version, HeldStatement? statement, long watchedSince, (long Changed, long Stated) order)
    {
        bool isOther = false, isSaidOtherwise = false;
        string? refusal = null;
        lock (_lock)
        {
            DeviceSlot slot = Slot(device);
            DeviceFacts before = slot.Facts, after = before;
            if (watchedSince < before.ForgottenAt)
                return (false, null);
            if (before.IsEarlierVersion(version, _clock.Now))
                return (false, $"the registry was at a later version of it than {version}");
            if (before.Version != version)
            {
                isOther = before.IsOtherVersion(version, watchedSince);
                after = before with { Version = version, LatestVersion = Math.Max(before.LatestVersion, version), ChangedAt = isOther ? order.Changed : before.ChangedAt };
            }
            if (statement is not null)
            {
                DeviceFacts stated = after.Told(statement, order.Stated, _clock.Now);
                refusal = ReferenceEquals(stated, after) ? "it is from before the one that is held" : null;
                isSaidOtherwise = before.IsSaidOtherwise(stated);
                after = stated;
            }
            if (ReferenceEquals(after, before))
                return (false, refusal);
            slot.Facts = after;
        }
        Changed?.Invoke(isOther || isSaidOtherwise ? MemoryChange.Doubtful : MemoryChange.Ordinary);
        return (isOther, refusal);
    }

    /// <summary>Forgets what answers for a device: the decision point does not speak to it any more. Where nothing answers, nothing is written: a refusal may come again and again.</summary>
    /// <param name="device">The device; null for all, and every decision with them.</param>
    /// <param name="refusedAt">When it was asked what it refused, among all calls of this client.</param>
    /// <param name="forgottenAt">A place of now among them: what watches tell that were begun before counts for nothing, since it may have been said before the refusal.</param>
    public void Forget(string? device, long refusedAt, long forgottenAt)
    {
        bool isLess = false;
        lock (_lock)
        {
            foreach (DeviceSlot slot in device is null ? _devices.All : [Slot(device)])
            {
                isLess |= slot.Facts.Answers;
                slot.Facts = slot.Facts.Forgotten(refusedAt, forgottenAt);
            }
            if (device is null)
            {
                isLess |= _aside is not null;
                _aside = null;
                isLess |= _index.Count > 0;
                _index = DecisionIndex.Empty;
            }
        }
        if (isLess)
            Changed?.Invoke(MemoryChange.TakenBack);
    }

    /// <summary>
    /// Believes other keys from now on; decisions by keys that nobody serves any more are thrown away. What is known changes under the lock: of two decision points whose keys come at once, neither may take those of the
    /// other along.
    /// </summary>
    /// <param name="change">From the keys that are believed to those that are to be.</param>
    /// <returns>The keys, where others are believed than before; otherwise null.</returns>
    /// <exception cref="Wire.WireException">A key is none.</exception>
    public PinnedKeys? Trust(Func<PinnedKeys, PinnedKeys> change)
    {
        PinnedKeys keys;
        lock (_lock)
        {
            keys = change(_keys);
            _aside = null;
            if (keys.Trusted.Ids.ToHashSet(StringComparer.Ordinal).SetEquals(_keys.Trusted.Ids))
            {
                _keys = keys;
                return null;
            }
            _keys = keys;
            _index = _index.Without(kept => !keys.Trusted.Knows(kept.Signed.KeyId));
            foreach (DeviceSlot slot in _devices.All)
                slot.Facts = slot.Facts with { Statement = slot.Facts.Statement is { } held && keys.Trusted.Knows(held.Signed.KeyId) ? held : null, KeptUntil = DeviceFacts.NothingKept };
        }
        Changed?.Invoke(MemoryChange.TakenBack);
        return keys;
    }

    /// <summary>
    /// Whether an answer tells of other policies before any watch has: a power cut must not bring back those before them. Where another device behind a gateway has seen them too they are no news that is
    /// worth a write for each of a thousand devices.
    /// </summary>
    private bool IsNews(DeviceSlot slot, RevisionStamp? seen) => slot.Facts.LatestSeen is { } before && seen is not null && seen.IsOtherThan(before.Id)
        && (slot == Self || !_devices.All.Any(other => other.Facts.LatestSeen is { } known && !known.IsOtherThan(seen.Id)));

    private bool IsBelieved(KeptDecision kept)
    {
        if (kept.IsBelieved(_keys.Trusted))
            return true;
        lock (_lock)
            _index = _index.Without(kept.Kind, other => ReferenceEquals(other, kept));
        Discarded?.Invoke($"a decision about {kept.Kind.Name()} is not signed by a key that is trusted");
        Changed?.Invoke(MemoryChange.TakenBack);
        return false;
    }
}
