using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>What <c>--check-config</c> finds in the data folder that a start finds out too late, or only its callers do.</summary>
internal static class CheckedData
{
    /// <param name="named">The folder that is named; null for the usual one.</param>
    /// <param name="clock">The time that certificates are held against.</param>
    public static IEnumerable<string> FaultsOf(string? named, TimeProvider clock)
    {
        DataFolder data = DataFolder.Find(named);
        if (FaultOfWriting(data.Path) is { } unwritable)
            yield return $"--data: nothing can be written in `{data.Path}`: {unwritable}";
        // That they can be read was looked at with the other files.
        if (File.Exists(data.Certificate("server")) && TlsCredentials.Load(data, new CallerOptions()).Term is var term && term.At(clock.GetUtcNow()) == TermStage.Over)
            yield return $"--data: the server's certificate ended at {term.Until:u}, and no caller accepts it";
    }

    private static string? FaultOfWriting(string folder)
    {
        try
        {
            // Of a folder that a start makes, that above it must let it.
            string? there = folder;
            while (there is not null && !Directory.Exists(there))
                there = Path.GetDirectoryName(there);
            using var tried = new FileStream(Path.Combine(there ?? folder, $".policym2m-{Guid.NewGuid():N}"), new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Options = FileOptions.DeleteOnClose,
            });
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return DataFolderFault.Of(folder, fault);
        }
    }
}
