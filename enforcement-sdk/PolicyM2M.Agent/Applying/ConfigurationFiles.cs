using System.Text;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Applying;

/// <summary>Files of a service's configuration: each is always whole, because a new one is written beside it and takes its name.</summary>
internal static class ConfigurationFiles
{
    /// <summary>The service reads them as another user; none holds a secret.</summary>
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Whether the file says something else, is not there, or is a link: what that leads to may say something else tomorrow.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static bool Differs(string path, string text)
    {
        byte[] expected = Encoding.UTF8.GetBytes(text);
        return FileFacts.OfLink(path) is not { Kind: FileKind.Ordinary } || new FileInfo(path).Length != expected.Length
            || !BoundedFile.Read(path, expected.Length).AsSpan().SequenceEqual(expected);
    }

    /// <summary>Writes it, so that whenever the power goes the old file or the new one is there.</summary>
    /// <exception cref="IOException">It cannot be written; what was there is still there.</exception>
    public static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        WholeFile.Replace(path, Encoding.UTF8.GetBytes(text), Readable);
    }
}
