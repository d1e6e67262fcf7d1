using System.Collections.Immutable;
using System.Text;
using Google.Protobuf;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// What the store says, as bytes, before they are sealed: the latest time seen and under which start of the machine, the keys, what is needed, the devices, the decisions. Signed things are kept as
/// they came; their signatures are looked at again when they are first used.
/// </summary>
internal static class StoreFormat
{
    /// <summary>About how much a decision or a device takes beside what was signed: a buffer that grows leaves large pieces behind, which a small device has no room for.</summary>
    private const int BytesBeside = 640;

    public static ReadOnlyMemory<byte> Write(StoreContent content)
    {
        using var bytes = new MemoryStream((content.Devices.Length + content.Decisions.Length + 8) * BytesBeside
            + content.Decisions.Sum(kept => kept.Bytes) + content.Devices.Sum(facts => facts.Statement?.Signed.Payload.Length ?? 0));
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            Write(writer, content.LatestSeen);
            writer.Write(content.BootId ?? "");
            writer.Write(content.Keys.ByEndpoint.Count);
            foreach ((string endpoint, ImmutableArray<V1.SigningKey> keys) in content.Keys.ByEndpoint)
            {
                writer.Write(endpoint);
                Write(writer, new V1.GetSigningKeysResponse { Keys = { keys } });
            }
            writer.Write(content.NeededAttributes is not null);
            Write(writer, content.NeededAttributes ?? []);
            writer.Write(content.Devices.Length);
            foreach (DeviceFacts facts in content.Devices)
                Write(writer, facts);
            writer.Write(content.Decisions.Length);
            foreach (KeptDecision kept in content.Decisions)
            {
                Write(writer, kept.Signed);
                Write(writer, kept.FreshUntil);
                Write(writer, kept.UsableUntil);
            }
        }
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    /// <exception cref="InvalidDataException">The bytes make no sense.</exception>
    public static StoreContent Read(byte[] bytes)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            DateTimeOffset latestSeen = Instant(reader);
            string bootId = reader.ReadString();
            PinnedKeys keys = PinnedKeys.None;
            for (int count = reader.ReadInt32(); count > 0; count--)
                keys = keys.With(reader.ReadString(), Message(reader, V1.GetSigningKeysResponse.Parser).Keys);
            bool hasNeeded = reader.ReadBoolean();
            ImmutableSortedSet<string> needed = Names(reader);
            DeviceFacts[] devices = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => Facts(reader, latestSeen))];
            Dictionary<V1.AttributeScale, AttributeScale> known = [];
            KeptDecision[] decisions = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => Decision(reader, latestSeen, known))];
            return new StoreContent(latestSeen, keys, hasNeeded ? needed : null, [.. devices], [.. decisions]) { BootId = bootId.Length > 0 ? bootId : null };
        }
        catch (Exception damage) when (damage is IOException or ArgumentException or WireException or InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"it makes no sense: {damage.Message}", damage);
        }
    }

    private static void Write(BinaryWriter writer, DeviceFacts facts)
    {
        writer.Write(facts.Device);
        Write(writer, facts.Served);
        Write(writer, facts.LatestSeen);
        writer.Write(facts.Version is not null);
        if (facts.Version is { } version)
            writer.Write(version);
        writer.Write(facts.IsCurrent);
        Write(writer, facts.Unchanged);
        writer.Write(facts.Statement is not null);
        if (facts.Statement is not { } statement)
            return;
        Write(writer, statement.Signed);
        Write(writer, statement.FreshUntil);
        Write(writer, statement.ValidUntil);
    }

    private static DeviceFacts Facts(BinaryReader reader, DateTimeOffset latestSeen)
    {
        var facts = new DeviceFacts(reader.ReadString()) { Served = Stamp(reader), LatestSeen = Stamp(reader), Version = reader.ReadBoolean() ? reader.ReadInt64() : null };
        // Orders count the calls of one process: what was not current before it began is made so that only a call of this one makes it current.
        facts = facts with { ChangedAt = reader.ReadBoolean() ? -1 : 0, Unchanged = [.. Names(reader)] };
        return reader.ReadBoolean() ? facts with { Statement = Statement(reader, latestSeen) } : facts;
    }

    private static HeldStatement Statement(BinaryReader reader, DateTimeOffset latestSeen)
    {
        V1.SignedPayload signed = Message(reader, V1.SignedPayload.Parser);
        var says = ReceivedStatement.Unverified(signed);
        DateTimeOffset freshUntil = Bounded(Instant(reader), says.FreshUntil - says.IssuedAt, latestSeen);
        return new HeldStatement(signed, says, freshUntil, Bounded(Instant(reader), says.ValidUntil - says.IssuedAt, latestSeen), IsVerified: false);
    }

    /// <summary>What was kept before the latest moment seen ends no later than what was signed lets it, counted from there.</summary>
    private static DateTimeOffset Bounded(DateTimeOffset end, TimeSpan window, DateTimeOffset latestSeen) => end - latestSeen > window ? latestSeen + window : end;

    private static KeptDecision Decision(BinaryReader reader, DateTimeOffset latestSeen, Dictionary<V1.AttributeScale, AttributeScale> known)
    {
        V1.SignedPayload signed = Message(reader, V1.SignedPayload.Parser);
        ReceivedDecision decision = WireMapping.FromWire(V1.Decision.Parser.ParseFrom(signed.Payload), known);
        DateTimeOffset freshUntil = Bounded(Instant(reader), decision.FreshUntil - decision.IssuedAt, latestSeen);
        DateTimeOffset usableUntil = Bounded(Instant(reader), decision.UsableUntil - decision.IssuedAt, latestSeen);
        return new KeptDecision(signed, decision, isVerified: false)
        {
            FreshUntil = freshUntil,
            UsableUntil = usableUntil,
            RefreshAt = RefreshTimes.Before(freshUntil, decision.FreshUntil - decision.IssuedAt),
        };
    }

    private static void Write(BinaryWriter writer, RevisionStamp? stamp)
    {
        writer.Write(stamp is not null);
        if (stamp is null)
            return;
        writer.Write(stamp.Id.CommitId);
        writer.Write(stamp.Id.BundleHash);
        Write(writer, stamp.ActivatedAt ?? DateTimeOffset.MinValue);
        Write(writer, stamp.IssuedAt ?? DateTimeOffset.MinValue);
    }

    private static RevisionStamp? Stamp(BinaryReader reader) =>
        reader.ReadBoolean() ? new RevisionStamp(new RevisionId(reader.ReadString(), reader.ReadString()), Optional(Instant(reader)), Optional(Instant(reader))) : null;

    private static DateTimeOffset? Optional(DateTimeOffset instant) => instant == DateTimeOffset.MinValue ? null : instant;

    private static void Write(BinaryWriter writer, DateTimeOffset instant) => writer.Write(instant.UtcTicks);

    private static DateTimeOffset Instant(BinaryReader reader) => new(reader.ReadInt64(), TimeSpan.Zero);

    private static void Write(BinaryWriter writer, IReadOnlyCollection<string> names)
    {
        writer.Write(names.Count);
        foreach (string name in names)
            writer.Write(name);
    }

    private static ImmutableSortedSet<string> Names(BinaryReader reader) =>
        Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadString()).ToImmutableSortedSet(StringComparer.Ordinal);

    private static void Write(BinaryWriter writer, IMessage message)
    {
        byte[] bytes = message.ToByteArray();
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static T Message<T>(BinaryReader reader, MessageParser<T> parser)
        where T : IMessage<T> => parser.ParseFrom(reader.ReadBytes(reader.ReadInt32()));
}
