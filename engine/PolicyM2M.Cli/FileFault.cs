using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Cli;

/// <summary>Why a file could not be read or written, in words that name nothing of a library's insides. Where the system's own words are all there is, they are said.</summary>
internal static class FileFault
{
    // Numbers of errno(3) that Linux and macOS share.
    private const int InputOutput = 5;
    private const int IsFolder = 21;
    private const int TooManyOpen = 24;
    private const int DiskFull = 28;
    private const int ReadOnlySystem = 30;
    private const int BrokenPipe = 32;

    /// <summary>Whether an exception is of a file: others are faults of this program.</summary>
    public static bool IsOfFiles(Exception failure) => failure is IOException or UnauthorizedAccessException;

    /// <summary>Whether there was no room for what was to be written.</summary>
    public static bool IsDiskFull(Exception failure) => !OperatingSystem.IsWindows() && failure is IOException { HResult: DiskFull };

    /// <summary>Whether nobody reads any more what was to be written.</summary>
    public static bool IsBrokenPipe(Exception failure) => !OperatingSystem.IsWindows() && failure is IOException { HResult: BrokenPipe };

    /// <summary>Such as <c>the disk is full</c>.</summary>
    public static string Of(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => "it is not there",
        UnauthorizedAccessException => "permission is denied",
        PathTooLongException => "its name is too long",
        FileRefusedException refused => refused.Reason,
        _ when OperatingSystem.IsWindows() => failure.Message,
        _ => failure.HResult switch
        {
            InputOutput => "the device reports an error",
            IsFolder => "it is a folder",
            TooManyOpen => "too many files are open",
            DiskFull => "the disk is full",
            ReadOnlySystem => "its file system is read-only",
            BrokenPipe => "nobody reads it any more",
            _ => failure.Message,
        },
    };

    /// <summary>What a file, or a folder, holds.</summary>
    /// <param name="path">The file as the user knows it.</param>
    /// <param name="read">Reads it.</param>
    /// <exception cref="CannotRunException">It cannot be read; the message names it and says why.</exception>
    public static T Reading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            throw new CannotRunException($"`{path}` cannot be read: {Of(failure)}", failure);
        }
    }
}
