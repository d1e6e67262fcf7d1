using NUnit.Framework;

namespace PolicyM2M.Testing;

/// <summary>A named pipe that nobody reads, in the place of a file: to whoever writes more than a pipe holds it is a disk that hangs, until it is released.</summary>
public sealed class HangingFile : IDisposable
{
    private readonly string _path;
    private Task? _reading;

    /// <summary>Puts one in the place of a file; skips the running test where there are no named pipes.</summary>
    /// <param name="path">The file; its folder is made.</param>
    public HangingFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("a named pipe in the place of a file is for Linux");
        _path = path;
        string folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        FinishedProcess made = FinishedProcess.Run("mkfifo", [path], folder);
        Assert.That(made.ExitCode, Is.Zero, made.Error);
    }

    /// <summary>Reads what was written, so that whoever hangs goes on.</summary>
    public void Release() => _reading ??= Task.Run(() =>
    {
        using FileStream pipe = File.OpenRead(_path);
        pipe.CopyTo(Stream.Null);
    });

    /// <summary>Releases it.</summary>
    public void Dispose() => Release();
}
