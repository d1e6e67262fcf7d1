namespace PolicyM2M.Testing;

/// <summary>A disk of one MiB that is three quarters full: a real one, that really is full when it is full.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SmallDisk()
    {
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => _folder.Path;

    private string InTheWay => System.IO.Path.Combine(Path, "in the way");

    /// <summary>Mounts it; skips or fails the running test where that is not allowed (<see cref="Requirement"/>).</summary>
    public static SmallDisk Mount()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            Requirement.IsLacking("only root may mount a small file system (tmpfs): run the tests as root, as in a container");
        var disk = new SmallDisk();
        FinishedProcess mounted = FinishedProcess.Run("mount", ["-t", "tmpfs", "-o", "size=1024k", "policym2m-test", disk.Path], disk.Path);
        if (mounted.ExitCode != 0)
            Requirement.IsLacking($"no small file system can be mounted here: {mounted.Error}");
        File.WriteAllBytes(disk.InTheWay, new byte[768 * 1024]);
        return disk;
    }

    /// <summary>Takes all but a little of the room that is left.</summary>
    /// <param name="left">How many bytes that is.</param>
    public void Fill(int left = 16 * 1024)
    {
        using FileStream file = File.Open(InTheWay, FileMode.Append);
        byte[] block = new byte[4096];
        while (new DriveInfo(Path).AvailableFreeSpace > left)
        {
            file.Write(block);
            file.Flush();
        }
    }

    /// <summary>Nobody may write to it any more, as where a kernel has found a fault of the disk.</summary>
    public void MakeReadOnly() => FinishedProcess.Run("mount", ["-o", "remount,ro", Path], Path).Succeeded();

    /// <summary>Makes room again.</summary>
    public void MakeRoom() => File.Delete(InTheWay);

    /// <inheritdoc/>
    public void Dispose()
    {
        FinishedProcess.Run("umount", [Path], "/");
        _folder.Dispose();
    }
}
