using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Renewing;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at the folder that the agent keeps everything in, at what must be in it as the agent made it, and at its disk.</summary>
internal static class StateChecks
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>32 MiB of decisions and 9 of a bundle are the most that is kept, and a new file is written beside the one that it replaces; the rest is for credentials and marks.</summary>
    private const long LeastRoom = 96L << 20;

    /// <summary>A block: an empty file can be made on a disk that is full.</summary>
    private const int ProbeBytes = 4 << 10;

    // Linux, errno(3), which the platform hands on.
    private const int NoRoom = 28, ReadOnly = 30;

    public static Finding Folder(AgentConfiguration configuration) => Attempt.At("state", () =>
    {
        string state = configuration.State, there = Existing(state);
        if (!Directory.Exists(there))
            return Finding.Fatal("state", $"{there} is a file, and a folder is expected", "name another folder as `state`, or take the file away");
        if (there != state && Unmakeable(there) is { } reason)
            return Finding.Fatal("state", $"{state} cannot be made: {reason}", "name another folder as `state`, on a disk that has room");
        if (there != state)
            return new Finding("state", Severity.Warning, $"there is no folder {state} yet: the service makes it at its first start (StateDirectory), and the agent itself where it may",
                $"systemctl start policym2m-agent, or: install -d -m 700 -o policym2m-agent {state}");
        return (File.GetUnixFileMode(state) & OthersWrite) != 0
            ? new Finding("state", Severity.Fault, $"{state} can be written by others, who so put another key and other decisions there", $"chmod 700 {state}, and see that everything in it is the agent's (ls -ln)")
            : Writing(configuration);
    }, $"let the agent's user write to {configuration.State}", keepsFromStarting: true);

    /// <summary>What is in it and cannot be used; empty where all can, or nothing is there yet.</summary>
    public static IEnumerable<Finding> Within(AgentConfiguration configuration)
    {
        string held = StateFiles.Lock(configuration);
        if (BoundedFile.Fault(held) is { } unfit)
            yield return Finding.Fatal("state", $"{held}: {unfit}", $"take it away (rm -r {held}): the agent locks a file of that name, and makes it");
        if (CacheKeyFile.Fault(configuration) is { } fault)
            yield return Finding.Fatal("cache-key", fault.Text, fault.Remedy);
        if (OwnCredential.LinkFault(configuration) is { } link)
            yield return Finding.Fatal("credential", $"{link} is no link, and the agent leads programs to the credential in use by one",
                $"take it away (rm -r {link}): the agent makes the link anew, and the credentials lie beside it");
    }

    public static Finding Disk(AgentConfiguration configuration) => Attempt.At("disk", () =>
    {
        long room = new DriveInfo(Existing(configuration.State)).AvailableFreeSpace;
        return room < LeastRoom
            ? new Finding("disk", Severity.Warning, $"{room >> 10} KiB are left where {configuration.State} is", "make room: decisions that cannot be kept are lost when the agent ends")
            : new Finding("disk", Severity.Ok, $"{room >> 20} MiB are left");
    }, $"see to the file system that holds {configuration.State}");

    /// <summary>Why nobody can make a folder there; null where somebody can, if not this user.</summary>
    private static string? Unmakeable(string there)
    {
        string probe = Path.Combine(there, $"doctor.{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
        catch (IOException unmakeable)
        {
            return unmakeable.Message;
        }
    }

    private static Finding Writing(AgentConfiguration configuration)
    {
        string state = configuration.State;
        string probe = Path.Combine(state, $"doctor.{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(probe, new byte[ProbeBytes]);
            return new Finding("state", Severity.Ok, $"{state} can be written");
        }
        catch (IOException full) when (full.HResult == NoRoom)
        {
            // What is sealed already can be opened; without a key there is nothing to begin with.
            return new Finding("state", Severity.Fault, $"nothing more can be written to {state}: its disk is full", "make room: decisions, bundles and renewed certificates cannot be kept")
            {
                KeepsFromStarting = new FileInfo(StateFiles.CacheKey(configuration)) is not { Exists: true, Length: > 0 },
            };
        }
        catch (IOException unwritable) when (unwritable.HResult == ReadOnly)
        {
            return Finding.Fatal("state", $"{state} is on a file system that is mounted to be read only",
                "mount it to be written (mount -o remount,rw), and see in dmesg whether the kernel made it so after a fault of the disk");
        }
        finally
        {
            File.Delete(probe);
        }
    }

    /// <summary>The folder, or the nearest above it that is there: on its disk the folder will be made.</summary>
    private static string Existing(string folder) => Path.Exists(folder) ? folder : Existing(Path.GetDirectoryName(folder) ?? "/");
}
