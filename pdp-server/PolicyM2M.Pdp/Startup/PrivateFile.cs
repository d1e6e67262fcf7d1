using System.Text;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Files that only their owner may read, written so that nobody ever sees half of one.</summary>
internal static class PrivateFile
{
    /// <summary>More bytes than any of them ever has.</summary>
    public const long Largest = 64 << 20;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a folder that only its owner may enter, where it is not there yet.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a new file; where there is one already it stays, and this throws.</summary>
    /// <exception cref="IOException">There is such a file, or it cannot be written.</exception>
    public static void Create(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text), replace: false);

    /// <summary>Writes a file in place of the one that is there.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Replace(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text), replace: true);

    /// <inheritdoc cref="Replace(string, string)"/>
    public static void Replace(string path, ReadOnlySpan<byte> bytes) => Write(path, bytes, replace: true);

    /// <summary>Opens a file for one process alone, and makes it where there is none.</summary>
    /// <exception cref="IOException">Another process has it, or it cannot be made.</exception>
    public static FileStream OpenAlone(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }

    private static void Write(string path, ReadOnlySpan<byte> bytes, bool replace)
    {
        string unfinished = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            using (var file = new FileStream(unfinished, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            File.Move(unfinished, path, replace);
            // A rename is on disk once its folder is: what is acknowledged must not be gone after a power cut.
            FolderSync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
