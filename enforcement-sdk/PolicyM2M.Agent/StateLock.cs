using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent;

/// <summary>Keeps the state folder to one agent: two would write over each other's decisions, and take away the credential that the other one serves from. The kernel lets go of it however the agent ends.</summary>
internal static class StateLock
{
    /// <summary>Takes the folder, which is made where it is not there.</summary>
    /// <exception cref="CannotRunException">Another agent has it, or it cannot be written to.</exception>
    public static FileStream Take(string folder)
    {
        string path = Path.Combine(folder, "lock");
        try
        {
            WholeFile.CreateFolder(folder);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException(File.Exists(path) ? $"another agent uses the folder `{folder}`, or it cannot be written to: {taken.Message}" : $"`{folder}` cannot be used: {taken.Message}");
        }
    }
}
