using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Development;

/// <summary>The rest of a development data folder: a registry with the example devices, and nothing of it in Git.</summary>
internal static class DevelopmentData
{
    /// <summary>Makes what is missing, in a folder that holds development credentials.</summary>
    /// <exception cref="StartupException">The folder cannot be written.</exception>
    public static void Prepare(DataFolder data, DevelopmentCredentials credentials)
    {
        if (!credentials.InUse)
            return;
        try
        {
            // Keys that lie in a work tree are one `git add .` away from being published.
            CreateMissing(Path.Combine(data.Path, ".gitignore"), "*\n");
            CreateMissing(data.Registry, ExampleDevices());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the data folder {data.Path} cannot be written: {fault.Message}", ExitCode.CouldNotRun, fault);
        }
    }

    private static void CreateMissing(string file, string text)
    {
        if (!File.Exists(file))
            PrivateFile.Create(file, text);
    }

    private static string ExampleDevices()
    {
        using Stream stream = typeof(DevelopmentData).Assembly.GetManifestResourceStream("devices.json")
            ?? throw new InvalidOperationException("the example registry is missing from the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
