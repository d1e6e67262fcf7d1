using System.Text;
using Google.Protobuf;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// The bundle on disk with what vouches for it, in a file of its own: it is large and changes rarely. Beside it the keys and the policies by which it may answer, so that it does where the decisions are
/// lost. Mutable; one lock guards it, and writing: safe for all threads.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="known">What is known when it is written.</param>
/// <param name="failed">Told why it could not be written.</param>
internal sealed class BundleStore(StoreFile file, Func<StoreContent> known, Action<string> failed)
{
    /// <summary>A statement that only lasts longer is not worth a write of the whole bundle before this share of the one on disk is over.</summary>
    private const double WorthAWrite = 0.5;

    private readonly Lock _lock = new();
    private Written? _written;

    /// <summary>What was known when the bundle was written, for a device whose decisions are lost; null where there is none. Nothing is fresh by it, and nothing of the registry is in it.</summary>
    /// <param name="discarded">Why the bundle could not be believed; null where it could, or none was there.</param>
    public StoreContent? Known(out string? discarded) => file.Load(ReadKnown, out discarded);

    /// <summary>The bundle that is kept, verified; null where none is. What cannot be believed is deleted; but what was signed by a key that is set aside stays.</summary>
    public HeldBundle? Load(TrustedKeys keys, Func<string, bool> isAside, DeviceClock clock, out string? discarded)
    {
        Written? written = null;
        HeldBundle? held = file.Load(bytes =>
        {
            HeldBundle? read = Read(bytes, keys, isAside);
            written = read is null ? null : Written.Of(read, ReadKnown(bytes));
            return read;
        }, out discarded);
        if (held is null)
            return null;
        _written = written;
        // Where the clock runs from a moment already seen, nobody knows how much of its time is over.
        return clock.SetBackBy > TimeSpan.Zero ? null : held;
    }

    /// <summary>Keeps it, where it is another than the one on disk, signed by another key, or that one will not last long; or where what was known then is not what is known now.</summary>
    public void Save(HeldBundle held)
    {
        ReceivedBundleStatement statement = held.Statement;
        lock (_lock)
        {
            StoreContent content = known();
            var next = Written.Of(held, content);
            if (_written is { } before && before with { IssuedAt = next.IssuedAt } == next && next.IssuedAt - before.IssuedAt < (statement.ValidUntil - statement.IssuedAt) * WorthAWrite)
                return;
            _written = null;
            try
            {
                file.Save(Write(held, StoreFormat.Write(content)));
                _written = next;
                ClientMetrics.StoreWritten();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                failed(failure.Message);
            }
        }
    }

    /// <summary>
    /// Keeps what is known now beside the bundle on disk, where that has other keys or other policies: who takes away the decisions must bring back neither a key that is served no more nor policies from before
    /// those seen. Where none is on disk, or the last could not be written, the next bundle is waited for.
    /// </summary>
    public void SaveKnown(HeldBundle held)
    {
        lock (_lock)
        {
            if (_written is { } before && before.Known != Written.Floor(known()))
                Save(held);
        }
    }

    /// <summary>Forgets what is on disk: the decision point will not speak to this device, and nothing that it keeps may say otherwise once the refusal itself is lost.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            file.Delete();
            _written = null;
        }
    }

    private static byte[] Write(HeldBundle held, ReadOnlyMemory<byte> known)
    {
        byte[] signed = held.Signed.ToByteArray(), bundle = held.Bytes;
        byte[] whole = new byte[sizeof(int) + signed.Length + sizeof(long) + sizeof(int) + bundle.Length + known.Length];
        using var writer = new BinaryWriter(new MemoryStream(whole), Encoding.UTF8);
        writer.Write(signed.Length);
        writer.Write(signed);
        writer.Write(held.ValidUntil.UtcTicks);
        writer.Write(bundle.Length);
        writer.Write(bundle);
        writer.Write(known.Span);
        return whole;
    }

    private static StoreContent ReadKnown(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        try
        {
            reader.BaseStream.Seek(reader.ReadInt32() + sizeof(long), SeekOrigin.Current);
            reader.BaseStream.Seek(reader.ReadInt32(), SeekOrigin.Current);
        }
        catch (Exception damage) when (damage is IOException or ArgumentException)
        {
            throw new InvalidDataException($"it makes no sense: {damage.Message}", damage);
        }
        // A version of before wrote nothing there.
        return reader.BaseStream.Position < bytes.Length ? StoreFormat.Read(bytes[(int)reader.BaseStream.Position..]) : StoreContent.Empty;
    }

    private static HeldBundle? Read(byte[] bytes, TrustedKeys keys, Func<string, bool> isAside)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            V1.SignedPayload signed = V1.SignedPayload.Parser.ParseFrom(reader.ReadBytes(reader.ReadInt32()));
            if (!keys.Knows(signed.KeyId) && isAside(signed.KeyId))
                return null;
            ReceivedBundleStatement statement = keys.BundleStatement(signed);
            var validUntil = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
            var bundle = Bundle.Read(reader.ReadBytes(reader.ReadInt32()));
            return bundle.Hash == statement.Revision.BundleHash ? new HeldBundle(bundle, signed, statement, validUntil) : throw new InvalidDataException("the bundle is not the one that its hash names");
        }
        catch (Exception damage) when (damage is IOException or ArgumentException or WireException or InvalidProtocolBufferException)
        {
            throw new InvalidDataException($"it makes no sense: {damage.Message}", damage);
        }
    }

    /// <summary>What tells the file on disk from one that should take its place.</summary>
    private sealed record Written(string Bundle, string Signer, string Known, DateTimeOffset IssuedAt)
    {
        public static Written Of(HeldBundle held, StoreContent content) => new(held.Bundle.Hash, held.Signed.KeyId, Floor(content), held.Statement.IssuedAt);

        /// <summary>The keys, and the policies before which none are taken. That the same are vouched for anew is no news.</summary>
        public static string Floor(StoreContent content) => string.Join('\n', content.Keys.ByEndpoint.SelectMany(keys => keys.Value.Select(key => $"{keys.Key} {key.KeyId}").Order(StringComparer.Ordinal))
            .Concat(content.Devices.Select(device => $"{device.LatestSeen?.Id.BundleHash} {device.LatestSeen?.ActivatedAt:O}")));
    }
}
