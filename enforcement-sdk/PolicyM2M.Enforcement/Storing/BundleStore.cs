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
    private DateTimeOffset _writtenIssuedAt = DateTimeOffset.MinValue;
    private string _writtenHash = "", _writtenKey = "";

    /// <summary>What was known when the bundle was written, for a device whose decisions are lost; null where there is none. Nothing is fresh by it, and nothing of the registry is in it.</summary>
    public StoreContent? Known() => file.Load(ReadKnown, out _);

    /// <summary>The bundle that is kept, verified; null where none is. What cannot be believed is deleted.</summary>
    public HeldBundle? Load(TrustedKeys keys, DeviceClock clock, out string? discarded)
    {
        HeldBundle? held = file.Load(bytes => Read(bytes, keys), out discarded);
        if (held is null)
            return null;
        (_writtenIssuedAt, _writtenHash, _writtenKey) = (held.Statement.IssuedAt, held.Bundle.Hash, held.Signed.KeyId);
        // Where the clock runs from a moment already seen, nobody knows how much of its time is over.
        return clock.SetBackBy > TimeSpan.Zero ? null : held;
    }

    /// <summary>Keeps it, where it is another than the one on disk, signed by another key, or that one will not last long.</summary>
    public void Save(HeldBundle held)
    {
        ReceivedBundleStatement statement = held.Statement;
        lock (_lock)
        {
            if (_writtenHash == held.Bundle.Hash && _writtenKey == held.Signed.KeyId && statement.IssuedAt - _writtenIssuedAt < (statement.ValidUntil - statement.IssuedAt) * WorthAWrite)
                return;
            try
            {
                file.Save(Write(held, StoreFormat.Write(known())));
                (_writtenIssuedAt, _writtenHash, _writtenKey) = (statement.IssuedAt, held.Bundle.Hash, held.Signed.KeyId);
                ClientMetrics.StoreWritten();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                failed(failure.Message);
            }
        }
    }

    /// <summary>Forgets what is on disk: the decision point will not speak to this device, and nothing that it keeps may say otherwise once the refusal itself is lost.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            file.Delete();
            _writtenHash = "";
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

    private static HeldBundle Read(byte[] bytes, TrustedKeys keys)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            V1.SignedPayload signed = V1.SignedPayload.Parser.ParseFrom(reader.ReadBytes(reader.ReadInt32()));
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
}
