using System.Buffers.Binary;
using System.Text;

namespace PolicyM2M.Store.Signatures;

/// <summary>Reads the fields of an SSH blob one after the other (RFC 4251, section 5). What is cut short or left over throws <see cref="FormatException"/>.</summary>
internal ref struct SshReader(ReadOnlySpan<byte> blob)
{
    private ReadOnlySpan<byte> _rest = blob;

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    /// <summary>A `string`: any bytes, with their length before them.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        uint length = UInt32();
        return length <= _rest.Length ? Take((int)length) : throw Short();
    }

    /// <summary>A `string` that is a name: visible ASCII.</summary>
    public string Name()
    {
        ReadOnlySpan<byte> bytes = Bytes();
        foreach (byte b in bytes)
        {
            if (b is < 0x21 or > 0x7E)
                throw new FormatException("a name in it is not visible ASCII");
        }
        return Encoding.ASCII.GetString(bytes);
    }

    /// <summary>An `mpint` that is not negative, as the big-endian bytes of its value without zeros before them.</summary>
    public ReadOnlySpan<byte> Integer()
    {
        ReadOnlySpan<byte> bytes = Bytes();
        if (bytes.Length > 0 && (bytes[0] & 0x80) != 0)
            throw new FormatException("a number in it is negative");
        return bytes.TrimStart((byte)0);
    }

    public ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
            throw Short();
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw new FormatException("something follows its end");
    }

    private static FormatException Short() => new("it is cut short");
}
