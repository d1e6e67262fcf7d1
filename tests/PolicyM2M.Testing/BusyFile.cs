namespace PolicyM2M.Testing;

/// <summary>A file that can be read, and in whose place nothing can be put, whoever tries: it is mounted over itself.</summary>
public sealed class BusyFile : IDisposable
{
    private readonly string _path;

    private BusyFile(string path) => _path = path;

    /// <summary>Holds a file that is there; skips the running test where that is not allowed.</summary>
    /// <param name="path">The file.</param>
    public static BusyFile Hold(string path)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            Requirement.IsLacking("only root may mount a file over itself");
        FinishedProcess mounted = FinishedProcess.Run("mount", ["--bind", path, path]);
        if (mounted.ExitCode != 0)
            Requirement.IsLacking($"no file can be mounted over itself here: {mounted.Error}");
        return new BusyFile(path);
    }

    /// <summary>Lets go of it.</summary>
    public void Dispose() => FinishedProcess.Run("umount", ["--lazy", _path]);
}
