using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Audit.Notes;

/// <summary>A text and who signed it, as C2SP signed-note has it: the text, an empty line, and a line for each signature.</summary>
internal static class SignedNote
{
    private const string Dash = "\u2014 ";
    private const int LongestNote = 1 << 20;
    private const int MostSignatures = 100;
    private const int IdLength = sizeof(uint);

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Signs a text that ends with a line end.</summary>
    public static string Sign(string text, NoteKey name, ECDsa key)
    {
        byte[] signature = key.SignData(Utf8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        byte[] signed = new byte[IdLength + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(signed, name.Id);
        signature.CopyTo(signed, IdLength);
        return $"{text}\n{Dash}{name.Name} {Convert.ToBase64String(signed)}\n";
    }

    /// <summary>The text of a note that one of these keys signed. A signature of theirs that does not hold spoils it, and one of anybody else counts for nothing.</summary>
    /// <param name="note">The note.</param>
    /// <param name="keys">The keys that are believed.</param>
    /// <param name="text">Its text; null where it is not to be believed.</param>
    /// <param name="fault">Why it is not.</param>
    public static bool TryOpen(string note, IReadOnlyCollection<NoteKey> keys, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? fault)
    {
        text = null;
        fault = "it is no signed note: expected a text, an empty line, and signatures";
        int end = note.Length > LongestNote ? -1 : note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || end + 2 >= note.Length || !note.EndsWith('\n') || note.Any(c => c < ' ' && c != '\n'))
            return false;
        string signed = note[..(end + 1)];
        string[] lines = note[(end + 2)..^1].Split('\n');
        if (lines.Length > MostSignatures)
            return false;
        bool isSigned = false;
        foreach (string line in lines)
        {
            if (Read(line) is not { } read)
                return false;
            foreach (NoteKey key in keys.Where(key => key.Name == read.Name && key.Id == read.Id))
            {
                if (!key.Verifies(Utf8.GetBytes(signed), read.Signature))
                {
                    fault = $"the signature of {key.Name} does not hold";
                    return false;
                }
                isSigned = true;
            }
        }
        fault = isSigned ? null : "no key that is believed signed it";
        text = isSigned ? signed : null;
        return isSigned;
    }

    private static (string Name, uint Id, byte[] Signature)? Read(string line)
    {
        string[] parts = line.Split(' ');
        if (parts.Length != 3 || parts[0] != Dash[..^1] || !NoteKey.IsName(parts[1]))
            return null;
        byte[] bytes = new byte[parts[2].Length];
        return Convert.TryFromBase64String(parts[2], bytes, out int length) && length > IdLength
            ? (parts[1], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[IdLength..length])
            : null;
    }
}
