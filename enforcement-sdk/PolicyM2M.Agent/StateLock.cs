using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent;

/// <summary>Keeps the state folder to one agent: two would write over each other's decisions, and take away the credential that the other one serves from. The kernel lets go of it however the agent ends.</summary>
internal static class StateLock
{
    /// <summary>What the kernel says of a lock that another one holds: EWOULDBLOCK of errno(3) on Linux.</summary>
    private const int WouldBlock = 11;

    /// <summary>Takes the folder, which is made where it is not there.</summary>
    /// <exception cref="CannotRunException">Another agent has it, or it cannot be written to.</exception>
    public static FileStream Take(string folder)
    {
        try
        {
            WholeFile.CreateFolder(folder);
            return new FileStream(Path.Combine(folder, StateFiles.LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken.HResult == WouldBlock)
        {
            throw new CannotRunException($"another agent uses the folder `{folder}`; each has its own (`state`)");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"`{folder}` cannot be used: {fault.Message}");
        }
    }
}
