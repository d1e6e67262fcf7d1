using System.Text;

namespace PolicyM2M.Testing;

/// <summary>An empty folder that is gone when the test is.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private const int MostTries = 1_000;

    /// <summary>Makes the folder.</summary>
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("policym2m-").FullName;

    /// <summary>Its full path.</summary>
    public string Path { get; }

    /// <summary>The full path of something in it.</summary>
    /// <param name="relative">The path within the folder, with <c>/</c> between folders.</param>
    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    /// <summary>Writes a file as UTF-8 without a byte-order mark, with the folders it needs, and returns its full path.</summary>
    public string Write(string relative, string text) => Write(relative, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file, with the folders it needs, and returns its full path.</summary>
    public string Write(string relative, byte[] bytes)
    {
        string path = this[relative];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>
    /// Deletes the folder and all that is in it; links are deleted, not followed. Whatever a test has abandoned, as it must where it tries a disk that hangs, may still be writing into it: then it is tried again.
    /// </summary>
    public void Dispose()
    {
        for (int tries = 1; Directory.Exists(Path); tries++)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
            }
            catch (IOException) when (tries < MostTries)
            {
                // Something was made in a folder while that was being emptied.
            }
        }
    }
}
