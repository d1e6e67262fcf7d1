using System.Globalization;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Notes;

/// <summary>
/// What a log says of itself at one moment (C2SP tlog-checkpoint): its name, how many records it has, and the root of their tree.
/// Lines of extensions are not written, and a text that has any is refused: nothing that is signed may be passed over in silence.
/// </summary>
internal sealed record Checkpoint(string Origin, long Size, TreeHash Root)
{
    /// <summary>The text that is signed: three lines, each ended.</summary>
    public string Text
    {
        get
        {
            byte[] root = new byte[TreeHash.Length];
            Root.CopyTo(root);
            return string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(root)}\n");
        }
    }

    /// <summary>Reads the text of a checkpoint, only as it would be written: a size with leading zeros is none.</summary>
    public static Checkpoint? Parse(string text)
    {
        string[] lines = text.Split('\n');
        if (lines.Length != 4 || lines[0].Length == 0 || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size))
            return null;
        Span<byte> root = stackalloc byte[TreeHash.Length + 1];
        if (!Convert.TryFromBase64String(lines[2], root, out int length) || length != TreeHash.Length)
            return null;
        var checkpoint = new Checkpoint(lines[0], size, new TreeHash(root[..length]));
        return checkpoint.Text == text ? checkpoint : null;
    }
}
