using System.Collections.Concurrent;
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
    /// <summary>A gateway speaks for the devices of a site. Whoever asks about ever new ones gets denials, and no memory.</summary>
    public const int MaximumDevices = 10_000;

    private readonly ConcurrentDictionary<string, DeviceSlot> _devices = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private volatile DecisionIndex _index;
    private volatile PinnedKeys _keys;
    private volatile ImmutableSortedSet<string>? _needed;

    /// <param name="content">What was kept before this process began.</param>
    /// <param name="clock">The device's clock: where it stands before a moment already seen, nothing from before is fresh.</param>
    /// <param name="self">The id of this device, which has its place however many others there are.</param>
    public DecisionMemory(StoreContent content, DeviceClock clock, string self)
    {
        _keys = content.Keys;
        _needed = content.NeededAttributes;
        foreach (DeviceFacts facts in content.Devices)
            _devices[facts.Device] = new DeviceSlot(facts);
        Self = _devices.GetOrAdd(self, static name => new DeviceSlot(new DeviceFacts(name)));
        _index = DecisionIndex.Of(clock.SetBackBy > TimeSpan.Zero ? content.Decisions.Select(kept => kept.FromLaterClock()) : content.Decisions);
    }

    /// <summary>What changed, and whether a power cut must not undo it: a permission that was taken back must not return.</summary>
    public event Action<bool>? Changed;

    /// <summary>What was thrown away because its signature does not hold.</summary>
    public event Action<string>? Discarded;

    /// <summary>Where what is known of this device stands.</summary>
    public DeviceSlot Self { get; }

    public DecisionIndex Index => _index;

    public PinnedKeys Keys => _keys;

    /// <summary>The attributes that the decision point asks for; null while it has told none.</summary>
    public ImmutableSortedSet<string>? Needed => _needed;

    /// <summary>Where what is known of a device stands; null where there are too many devices already.</summary>
    public DeviceSlot? Slot(string device) => _devices.TryGetValue(device, out DeviceSlot? slot) ? slot
        : _devices.Count >= MaximumDevices ? null : _devices.GetOrAdd(device, static name => new DeviceSlot(new DeviceFacts(name)));

    /// <summary>What the store keeps of it.</summary>
    public StoreContent Content(DateTimeOffset latestSeen)
    {
        lock (_lock)
        {
            return new StoreContent(latestSeen, _keys, _needed,
                [.. _devices.Values.Select(slot => slot.Facts).Where(facts => facts.LatestSeen is not null).OrderBy(facts => facts.Device, StringComparer.Ordinal)], [.. _index.All]);
        }
    }

    /// <summary>What is kept for a question; null where nothing is. A fresh decision goes before one that is only usable, and a newer one before an older.</summary>
    public Found? Find(DecisionKind kind, ClaimSet claims, DateTimeOffset now)
    {
        DeviceFacts facts = Believed(claims.Slot);
        // Whom nobody answered for, or who was refused, does not get what others were given.
        if (facts.Served is null)
            return null;
        ImmutableArray<KeptDecision> kept = _index.Of(kind);
        Found? best = null;
        for (int i = kept.Length - 1; i >= 0; i--)
        {
            KeptDecision candidate = kept[i];
            bool isFresh = facts.IsCurrent && !candidate.IsFromLaterClock && now < candidate.FreshUntil && now < candidate.StatedFreshUntil(facts) && facts.IsServed(candidate);
            if ((best is not null && !isFresh) || !candidate.Holds(claims, facts, now) || !IsBelieved(candidate))
                continue;
            best = new Found(candidate, facts, isFresh, candidate.HoldsUntil(claims, facts, now));
            if (isFresh)
                break;
        }
        return best;
    }

    /// <summary>Keeps the answers to a question, instead of all that was kept for it.</summary>
    /// <param name="claims">The question.</param>
    /// <param name="answer">The answers, of one revision, and what came with them.</param>
    /// <param name="order">When they were asked for, among all calls of this client.</param>
    /// <param name="servedWhenAsked">What was served then.</param>
    /// <param name="now">The time.</param>
    public void Keep(ClaimSet claims, Answer answer, long order, RevisionStamp? servedWhenAsked, DateTimeOffset now)
    {
        bool isTighter = false;
        lock (_lock)
        {
            DeviceFacts before = claims.Slot.Facts, facts = before with
            {
                Statement = answer.Statement ?? before.Statement,
                ConfirmedBy = Math.Max(before.ConfirmedBy, order),
                RefusedAt = answer.Decisions.Any(kept => kept.Decision.Outcome.IsDenied) ? Math.Max(before.RefusedAt, order) : before.RefusedAt,
            };
            // Where the watch has told of others while the answer was on its way, the answer has nothing to tell about what is served.
            if (before.Served?.Id == servedWhenAsked?.Id && answer.Decisions is [var first, ..] && order > before.RefusedAt)
            {
                facts = Serving(facts, RevisionStamp.Of(first.Decision), null);
                _needed = answer.Needed;
            }
            DecisionIndex index = _index;
            foreach (KeptDecision kept in answer.Decisions)
            {
                bool IsReplaced(KeptDecision old) => old.Holds(claims, before, now) || old.Holds(claims, facts, now);
                DecisionIndex without = index.Without(kept.Kind, IsReplaced);
                isTighter |= kept.Decision.Outcome.IsDenied && index.Of(kept.Kind).Any(old => !old.Decision.Outcome.IsDenied && IsReplaced(old));
                // A permission that was asked for before a no, and came after it, must not outlive it.
                index = kept.UsableUntil > now && order > before.RefusedAt ? without.With(kept) : without;
            }
            claims.Slot.Facts = facts;
            _index = index;
        }
        Changed?.Invoke(isTighter);
    }

    /// <summary>Takes note of what is served to a device, and of the decisions that hold under it as they are. What is unknown of the others changes with it, where they were served the same.</summary>
    /// <returns>Whether these are other policies than before, and what they were refused for: because those were already seen.</returns>
    public (bool IsChanged, RevisionStamp? RefusedFor) Serve(string device, RevisionStamp stamp, ImmutableSortedSet<string> needed, IEnumerable<string> unchanged)
    {
        bool isChanged, isNew;
        lock (_lock)
        {
            if (Slot(device) is not { } slot)
                return (false, null);
            DeviceFacts before = slot.Facts;
            if (before.LatestSeen is { } seen && stamp.IsBefore(seen))
                return (false, seen);
            _needed = needed;
            isChanged = before.Served?.IsOtherThan(stamp.Id) ?? false;
            isNew = before.Served?.Id != stamp.Id || before.Served.ActivatedAt != stamp.ActivatedAt;
            ImmutableHashSet<string> same = [.. unchanged];
            if (isNew)
                slot.Facts = Serving(before, stamp, same);
            if (isChanged)
            {
                foreach (DeviceSlot other in _devices.Values.Where(other => other.Facts.Served is { } served && !served.IsOtherThan(before.Served!.Id)))
                    other.Facts = Serving(other.Facts, stamp, same);
            }
        }
        if (isNew)
            Changed?.Invoke(isChanged);
        return (isChanged, null);
    }

    /// <summary>What is known of a device is not current any more: the registry says something else of it.</summary>
    public void DeviceChanged(string device, long order)
    {
        lock (_lock)
        {
            if (Slot(device) is { } slot)
                slot.Facts = slot.Facts with { ChangedAt = order };
        }
        Changed?.Invoke(true);
    }

    /// <summary>Forgets what answers for a device: the decision point does not speak to it any more.</summary>
    /// <param name="device">The device; null for all, and every decision with them.</param>
    /// <param name="order">When it was asked what it refused, among all calls of this client.</param>
    public void Forget(string? device, long order)
    {
        lock (_lock)
        {
            foreach (DeviceSlot slot in device is null ? _devices.Values : Slot(device) is { } one ? [one] : [])
                slot.Facts = slot.Facts with { Served = null, Statement = null, Unchanged = [], RefusedAt = Math.Max(slot.Facts.RefusedAt, order) };
            if (device is null)
                _index = DecisionIndex.Empty;
        }
        Changed?.Invoke(true);
    }

    /// <summary>Believes these keys of one decision point from now on; decisions by keys that nobody serves any more are thrown away.</summary>
    /// <returns>Whether others are believed than before.</returns>
    public bool Trust(PinnedKeys keys)
    {
        lock (_lock)
        {
            if (keys.Trusted.Ids.ToHashSet(StringComparer.Ordinal).SetEquals(_keys.Trusted.Ids))
            {
                _keys = keys;
                return false;
            }
            _keys = keys;
            _index = _index.Without(kept => !keys.Trusted.Knows(kept.Signed.KeyId));
            foreach (DeviceSlot slot in _devices.Values)
                slot.Facts = slot.Facts with { Statement = slot.Facts.Statement is { } held && keys.Trusted.Knows(held.Signed.KeyId) ? held : null };
        }
        Changed?.Invoke(true);
        return true;
    }

    private bool IsBelieved(KeptDecision kept)
    {
        if (kept.IsBelieved(_keys.Trusted))
            return true;
        lock (_lock)
            _index = _index.Without(kept.Kind, other => ReferenceEquals(other, kept));
        Discarded?.Invoke($"a decision about {kept.Kind.Name()} is not signed by a key that is trusted");
        Changed?.Invoke(true);
        return false;
    }

    private DeviceFacts Believed(DeviceSlot slot)
    {
        DeviceFacts facts = slot.Facts;
        if (facts.Statement is not { } statement || statement.IsBelieved(_keys.Trusted))
            return facts;
        lock (_lock)
        {
            if (ReferenceEquals(slot.Facts.Statement, statement))
                slot.Facts = slot.Facts with { Statement = null };
        }
        Discarded?.Invoke($"the statement about {facts.Device} is not signed by a key that is trusted");
        Changed?.Invoke(true);
        return slot.Facts;
    }

    private static DeviceFacts Serving(DeviceFacts facts, RevisionStamp stamp, ImmutableHashSet<string>? unchanged)
    {
        RevisionStamp after = stamp.After(facts.LatestSeen);
        bool isSame = facts.Served is { } served && !served.IsOtherThan(stamp.Id);
        return facts with { Served = after, LatestSeen = after, Unchanged = unchanged ?? (isSame ? facts.Unchanged : []) };
    }
}
