namespace PolicyM2M.Pdp.Startup;

/// <summary>Keeps other servers out of a data folder for as long as this one runs; the system lets go of it where the process is killed.</summary>
internal sealed class DataFolderHold : IDisposable
{
    private readonly FileStream _file;

    private DataFolderHold(FileStream file) => _file = file;

    /// <summary>Takes a data folder, which is made where there is none. At once: a start would else compile for a while, only to find out what it cannot have.</summary>
    /// <exception cref="StartupException">Another server has it, or it cannot be written.</exception>
    public static DataFolderHold Take(DataFolder data)
    {
        try
        {
            PrivateFile.CreateFolder(data.Path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the data folder {data.Path} cannot be made: {fault.Message}", ExitCode.CouldNotRun, fault);
        }
        string path = Path.Combine(data.Path, "lock");
        try
        {
            return new DataFolderHold(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new StartupException($"the data folder {data.Path} cannot be written: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
        catch (IOException fault)
        {
            string reason = File.Exists(path) ? "another decision point uses it; each has its own (`--data`)" : fault.Message;
            throw new StartupException($"the data folder {data.Path} cannot be used: {reason}", ExitCode.CouldNotRun, fault);
        }
    }

    public void Dispose() => _file.Dispose();
}
