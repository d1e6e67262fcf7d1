using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>
/// A block of IP addresses in CIDR notation (RFC 4632, RFC 4291): <c>10.0.0.0/8</c>, <c>2001:db8::/32</c>, or one address alone.
/// IPv4 addresses are held as IPv4-mapped IPv6 addresses (<c>::ffff:0:0/96</c>), so that one order holds for all; a wider block of IPv6
/// addresses, such as <c>::/0</c>, holds none of them.
/// </summary>
/// <param name="First">The first address, as a 128-bit number.</param>
/// <param name="Last">The last address, which is in the block.</param>
public readonly record struct AddressBlock(UInt128 First, UInt128 Last)
{
    private const int Bits = 128;
    private const int MappedPrefix = 96;

    /// <summary>Reads a block or a single address; false where <paramref name="text"/> is none, or has bits set beyond its prefix.</summary>
    public static bool TryParse(string? text, out AddressBlock block)
    {
        block = default;
        if (text is null)
            return false;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!TryParseAddress(slash < 0 ? text : text[..slash], out UInt128 address, out bool isV4))
            return false;
        int prefix = Bits;
        if (slash >= 0)
        {
            if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int given) || given > (isV4 ? 32 : Bits))
                return false;
            prefix = isV4 ? given + MappedPrefix : given;
        }
        UInt128 within = prefix == 0 ? UInt128.MaxValue : (UInt128.One << (Bits - prefix)) - 1;
        block = new AddressBlock(address & ~within, address | within);
        return block.First == address;
    }

    /// <summary>Reads one address; false where <paramref name="text"/> is none. IPv4 must be written with four decimal numbers, and a zone is refused.</summary>
    public static bool TryParseAddress(string? text, out UInt128 address) => TryParseAddress(text, out address, out _);

    /// <summary>The addresses of the block: in one range, or in two around those of IPv4 (one, where these are its last).</summary>
    internal IEnumerable<(UInt128 First, UInt128 Last)> Ranges => !IsAroundV4 ? [(First, Last)] : Last == LastV4 ? [(First, FirstV4 - 1)] : [(First, FirstV4 - 1), (LastV4 + 1, Last)];

    private static UInt128 FirstV4 => (UInt128)0xFFFF << 32;

    private static UInt128 LastV4 => FirstV4 | uint.MaxValue;

    private bool IsAroundV4 => First < FirstV4 && Last >= LastV4;

    /// <summary>Whether an address lies in the block.</summary>
    public bool Contains(UInt128 address) => address >= First && address <= Last && !(IsAroundV4 && address >= FirstV4 && address <= LastV4);

    /// <summary>An address as text, IPv4 in four decimal numbers.</summary>
    public static string Format(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        var whole = new IPAddress(bytes);
        return (whole.IsIPv4MappedToIPv6 ? whole.MapToIPv4() : whole).ToString();
    }

    /// <summary>A range of addresses as a policy would test it: one address, a block, or by both ends.</summary>
    internal static string Test(string subject, UInt128 first, UInt128 last)
    {
        UInt128 beyond = first ^ last;
        bool isBlock = (beyond & (beyond + 1)) == 0 && (first & beyond) == 0;
        return first == last ? $"{subject} == {Format(first)}" : isBlock ? $"{subject} within {new AddressBlock(first, last)}" : $"{subject} in {Format(first)}..{Format(last)}";
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        int prefix = Bits - (int)UInt128.PopCount(Last ^ First);
        string first = Format(First);
        bool isV4 = !first.Contains(':', StringComparison.Ordinal) && prefix >= MappedPrefix;
        return prefix == Bits ? first : $"{first}/{(isV4 ? prefix - MappedPrefix : prefix).ToString(CultureInfo.InvariantCulture)}";
    }

    private static bool TryParseAddress(string? text, out UInt128 address, out bool isV4)
    {
        address = default;
        isV4 = false;
        // IPAddress also reads `10.1` and `0x7f.1`, brackets and zones, which mean different things to different readers.
        if (text is null || text.AsSpan().ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out IPAddress? parsed))
            return false;
        isV4 = parsed.AddressFamily == AddressFamily.InterNetwork;
        if (isV4 && parsed.ToString() != text)
            return false;
        Span<byte> bytes = stackalloc byte[16];
        (isV4 ? parsed.MapToIPv6() : parsed).TryWriteBytes(bytes, out _);
        address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }
}
