using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>
/// The bytes of the cache: magic, format, the device's identity, the latest time seen, what the decision point serves and needs, the decisions;
/// and last the HMAC-SHA256 of all that, under a key that lies beside the device's private key. Nothing is read before the HMAC is checked.
/// </summary>
internal static class CacheFormat
{
    private const uint Magic = 0x434D324D;
    private const byte Version = 3;

    public static byte[] Write(CacheContent content, string device, ReadOnlySpan<byte> key)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(device);
            writer.Write(content.LatestSeen.UtcTicks);
            writer.Write(content.Served is not null);
            writer.Write(content.Served?.CommitId ?? "");
            writer.Write(content.Served?.BundleHash ?? "");
            writer.Write(content.NeededAttributes is not null);
            Write(writer, content.NeededAttributes ?? []);
            writer.Write(content.Decisions.Length);
            foreach (KeptDecision kept in content.Decisions)
            {
                writer.Write(kept.Key);
                Write(writer, kept.Needed);
                writer.Write(kept.FreshUntil.UtcTicks);
                writer.Write(kept.UsableUntil.UtcTicks);
                writer.Write(kept.Message.Length);
                writer.Write(kept.Message.Span);
            }
        }
        bytes.Write(HMACSHA256.HashData(key, bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are cut short or altered, were written under another key, or are another device's.</exception>
    public static CacheContent Read(byte[] bytes, string device, ReadOnlySpan<byte> key)
    {
        int length = bytes.Length - HMACSHA256.HashSizeInBytes;
        if (length < 0)
            throw new InvalidDataException("it is cut short");
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, bytes.AsSpan(0, length)), bytes.AsSpan(length)))
            throw new InvalidDataException("it was altered or cut short, or written under another key");
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes, 0, length), Encoding.UTF8);
            if (reader.ReadUInt32() != Magic || reader.ReadByte() != Version)
                throw new InvalidDataException("it has another format");
            string owner = reader.ReadString();
            if (owner != device)
                throw new InvalidDataException($"it belongs to {owner}");
            return Content(reader);
        }
        catch (Exception damage) when (damage is IOException or ArgumentException or WireException or InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"it makes no sense: {damage.Message}", damage);
        }
    }

    private static CacheContent Content(BinaryReader reader)
    {
        DateTimeOffset latestSeen = Instant(reader);
        bool hasServed = reader.ReadBoolean();
        var served = new RevisionId(reader.ReadString(), reader.ReadString());
        bool hasNeeded = reader.ReadBoolean();
        ImmutableSortedSet<string> needed = Names(reader);
        KeptDecision[] decisions = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => Decision(reader))];
        return new CacheContent(latestSeen, hasServed ? served : null, hasNeeded ? needed : null, [.. decisions]);
    }

    private static KeptDecision Decision(BinaryReader reader)
    {
        string key = reader.ReadString();
        ImmutableSortedSet<string> needed = Names(reader);
        DateTimeOffset freshUntil = Instant(reader), usableUntil = Instant(reader);
        byte[] message = reader.ReadBytes(reader.ReadInt32());
        return new KeptDecision(key, needed, message, WireMapping.FromWire(Wire.V1.Decision.Parser.ParseFrom(message)), freshUntil, usableUntil);
    }

    private static void Write(BinaryWriter writer, ImmutableSortedSet<string> names)
    {
        writer.Write(names.Count);
        foreach (string name in names)
            writer.Write(name);
    }

    private static ImmutableSortedSet<string> Names(BinaryReader reader) =>
        Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadString()).ToImmutableSortedSet(StringComparer.Ordinal);

    private static DateTimeOffset Instant(BinaryReader reader) => new(reader.ReadInt64(), TimeSpan.Zero);
}
