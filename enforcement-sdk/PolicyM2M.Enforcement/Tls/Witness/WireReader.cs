using System.Buffers.Binary;

namespace PolicyM2M.Enforcement.Tls.Witness;

/// <summary>Reads fields of a message one after the other. What is cut short is a <see cref="FormatException"/>, never a read past the end.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool HasMore => !_rest.IsEmpty;

    public byte Byte() => Take(1)[0];

    public ushort Number() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
            throw new FormatException("a message of the handshake is cut short");
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>A vector whose length is written before it in one byte.</summary>
    public ReadOnlySpan<byte> ShortVector() => Take(Byte());

    /// <summary>A vector whose length is written before it in two bytes.</summary>
    public ReadOnlySpan<byte> Vector() => Take(Number());

    /// <summary>All the rest as numbers of two bytes.</summary>
    public ushort[] Numbers()
    {
        var numbers = new List<ushort>();
        while (HasMore)
            numbers.Add(Number());
        return [.. numbers];
    }
}
