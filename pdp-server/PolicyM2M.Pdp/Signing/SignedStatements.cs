using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Signing;

/// <summary>
/// Signs what the registry says of a device, once until that changes or half of the time is over for which it is fresh. Keeps a fixed number of statements, one for each place that devices fall on: one
/// that was pushed out is signed anew. Safe for all threads: a place is read and written in one piece.
/// </summary>
/// <param name="keys">What signs.</param>
/// <param name="longestValidity">No statement holds for longer, whatever its device's decisions do.</param>
internal sealed class SignedStatements(SigningKeys keys, TimeSpan longestValidity)
{
    /// <summary>Some hundred bytes each; of a hundred thousand devices few ask within the same minutes.</summary>
    private const int Places = 1 << 14;

    private readonly Entry?[] _entries = new Entry?[Places];
    private long _signed, _handedOut, _again;

    /// <summary>How many signatures were made.</summary>
    public long Signed => Interlocked.Read(ref _signed);

    /// <summary>How many statements went into answers.</summary>
    public long HandedOut => Interlocked.Read(ref _handedOut);

    /// <summary>How many of these went out with an answer from memory.</summary>
    public long Again => Interlocked.Read(ref _again);

    /// <summary>An answer, or news, with a statement is given.</summary>
    /// <param name="isFromMemory">Whether the whole answer was made before.</param>
    public void HandOut(bool isFromMemory)
    {
        Interlocked.Increment(ref _handedOut);
        if (isFromMemory)
            Interlocked.Increment(ref _again);
    }

    /// <summary>The statement of a device that was signed before and says the same; null where it must be signed.</summary>
    /// <param name="device">Its id.</param>
    /// <param name="stated">What is stated of it, by the names that policies need: see <see cref="Stated"/>.</param>
    /// <param name="now">The moment.</param>
    public Entry? Find(string device, DeviceContext stated, DateTimeOffset now)
    {
        return _entries[Place(device)] is { } entry && entry.Device == device && Says(entry.Stated, stated) && now >= entry.IssuedAt && now < entry.ReuseUntil ? entry : null;
    }

    /// <summary>Signs the statement of a device.</summary>
    /// <param name="device">Its id.</param>
    /// <param name="stated">What is stated of it.</param>
    /// <param name="longestUse">How long the longest of the device's decisions may be used: for as long the statement holds, within its bounds.</param>
    /// <param name="now">The moment.</param>
    /// <param name="isOfClaims">Whether that was found out from what the device says of itself, and not from decisions of before.</param>
    public Entry Sign(string device, DeviceContext stated, TimeSpan longestUse, DateTimeOffset now, bool isOfClaims)
    {
        TimeSpan validity = Validity(longestUse);
        Wire.V1.SignedPayload signed = keys.Sign(SignedKind.DeviceStatement, now, key => new Wire.V1.DeviceStatement
        {
            DeviceId = device,
            Attributes = { stated.Values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => new Wire.V1.NamedValue { Name = value.Key, Value = WireMapping.ToWire(value.Value) }) },
            IssuedAt = now.ToTimestamp(),
            FreshUntil = Earlier(now + SigningTimes.StatementIsFresh, key.NotAfter).ToTimestamp(),
            ValidUntil = Earlier(now + validity, key.NotAfter).ToTimestamp(),
        });
        Interlocked.Increment(ref _signed);
        return _entries[Place(device)] = new Entry(device, stated, now, signed, ByteString.CopyFrom(SHA256.HashData(signed.Payload.Span)), validity, isOfClaims);
    }

    /// <summary>Whether a statement holds for as long as one that is signed now would, for a device whose decisions may be used so long.</summary>
    public bool HoldsFor(Entry entry, TimeSpan longestUse) => entry.Validity >= Validity(longestUse);

    /// <summary>Of what is known of a device, that which the policies need and did not come from its claims.</summary>
    public static DeviceContext Stated(DeviceContext registered, string device, Bundle bundle) =>
        registered.With(Devices.MergedContext.DeviceId, AttributeValue.Of(device)).Where(bundle.NeededAttributes.Contains);

    private TimeSpan Validity(TimeSpan longestUse)
    {
        TimeSpan validity = longestUse < longestValidity ? longestUse : longestValidity;
        return validity < SigningTimes.StatementIsFresh ? SigningTimes.StatementIsFresh : validity;
    }

    private static uint Place(string device) => (uint)string.GetHashCode(device) % Places;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => other < one ? other : one;

    private static bool Says(DeviceContext left, DeviceContext right) =>
        left.Values.Count == right.Values.Count && left.Values.All(value => right.Values.TryGetValue(value.Key, out AttributeValue other) && other == value.Value);

    /// <summary>A statement and what names it.</summary>
    /// <param name="Device">The device.</param>
    /// <param name="Stated">What it says.</param>
    /// <param name="IssuedAt">When it was made.</param>
    /// <param name="Signed">The statement.</param>
    /// <param name="Digest">The SHA-256 of its payload.</param>
    /// <param name="Validity">For how long it holds.</param>
    /// <param name="IsOfClaims">Whether that was found out from what the device says of itself.</param>
    internal sealed record Entry(string Device, DeviceContext Stated, DateTimeOffset IssuedAt, Wire.V1.SignedPayload Signed, ByteString Digest, TimeSpan Validity, bool IsOfClaims)
    {
        /// <summary>Until when it is handed out.</summary>
        public DateTimeOffset ReuseUntil => IssuedAt + SigningTimes.StatementIsFresh / 2;
    }
}
