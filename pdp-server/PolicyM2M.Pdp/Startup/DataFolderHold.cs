namespace PolicyM2M.Pdp.Startup;

/// <summary>Keeps other servers out of a data folder for as long as this one runs; the system lets go of it where the process is killed.</summary>
internal sealed class DataFolderHold(DataFolder data) : IDisposable
{
    /// <summary>What the kernel says of a lock that another one holds: EWOULDBLOCK of errno(3) on Linux. A disk that is full or read-only is another fault.</summary>
    private const int WouldBlock = 11;

    private FileStream? _file;
    private bool _isMade;

    /// <summary>
    /// Takes the folder, which is made where there is none. First of all: a start would else clone and compile for a while, only to find out that it cannot have it, or beside another that does the same.
    /// </summary>
    /// <exception cref="StartupException">Another server has it, or it cannot be made or written.</exception>
    public void Take()
    {
        try
        {
            _isMade = !Directory.Exists(data.Path);
            do
            {
                _file?.Dispose();
                PrivateFile.CreateFolder(data.Path);
                _file = PrivateFile.OpenAlone(LockFile);
            }
            // Another start that came to nothing may have removed the file between the two.
            while (!File.Exists(LockFile));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            string reason = fault.HResult == WouldBlock ? "another decision point uses it; each has its own (`--data`)" : DataFolderFault.Of(LockFile, fault);
            throw new StartupException($"the data folder {data.Path} cannot be used: {reason}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>Lets go of it for a server that did not start. A folder that was made for that, and has nothing in it yet, goes too.</summary>
    public void GiveUp()
    {
        try
        {
            if (_isMade && _file is not null && Directory.GetFileSystemEntries(data.Path).Length == 1)
            {
                // While it is held: nobody else can have it and lose it.
                File.Delete(LockFile);
                Directory.Delete(data.Path);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // An empty folder is left, which does no harm.
        }
        Dispose();
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private string LockFile => Path.Combine(data.Path, "lock");
}
