using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace PolicyM2M.Cli;

/// <summary>UTF-8 as the command reads and writes it: no byte-order mark, and bytes that are no UTF-8 are an error and never a guess.</summary>
internal static class Utf8
{
    public static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text of those bytes, without a byte-order mark.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="what">What they are the content of, for the error.</param>
    /// <exception cref="CannotRunException">They are not UTF-8; the message says from which byte on.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string what) =>
        TryDecode(bytes, out string? text, out int badByte) ? text : throw new CannotRunException($"{what} is not UTF-8: byte {badByte}");

    /// <summary>The text of those bytes, without a byte-order mark; false, with the number of the first bad byte from 1, where they are not UTF-8.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text, out int badByte)
    {
        (text, badByte) = (null, 0);
        int mark = bytes.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        try
        {
            text = Strict.GetString(bytes[mark..]);
            return true;
        }
        catch (DecoderFallbackException invalid)
        {
            badByte = mark + invalid.Index + 1;
            return false;
        }
    }
}
