namespace PolicyM2M.Pdp.Startup;

/// <summary>Keeps other servers out of a data folder for as long as this one runs; the system lets go of it where the process is killed.</summary>
internal sealed class DataFolderHold(DataFolder data) : IDisposable
{
    /// <summary>What the kernel says of a lock that another one holds: EWOULDBLOCK of errno(3) on Linux. A disk that is full or read-only is another fault.</summary>
    private const int WouldBlock = 11;

    private FileStream? _file;

    /// <summary>Takes the folder where there is one. First of all: a start would else compile for a while, only to find out that it cannot have it; and one that comes to nothing makes none.</summary>
    /// <exception cref="StartupException">Another server has it, or it cannot be written.</exception>
    public void TakeWhereThere()
    {
        if (Directory.Exists(data.Path))
            Take();
    }

    /// <summary>Takes the folder, which is made where there is none.</summary>
    /// <exception cref="StartupException">Another server has it, or it cannot be made or written.</exception>
    public void Take()
    {
        if (_file is not null)
            return;
        try
        {
            PrivateFile.CreateFolder(data.Path);
            _file = new FileStream(Path.Combine(data.Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            string reason = fault is UnauthorizedAccessException ? FaultText.Of(fault) : fault.HResult == WouldBlock ? "another decision point uses it; each has its own (`--data`)" : fault.Message;
            throw new StartupException($"the data folder {data.Path} cannot be used: {reason}", ExitCode.CouldNotRun, fault);
        }
    }

    public void Dispose() => _file?.Dispose();
}
