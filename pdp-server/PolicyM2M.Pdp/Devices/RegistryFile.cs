namespace PolicyM2M.Pdp.Devices;

/// <summary>What a look at the registry's file found.</summary>
internal abstract record RegistryReading
{
    private RegistryReading()
    {
    }

    /// <summary>The file is as it was at the last look.</summary>
    internal sealed record Unchanged : RegistryReading;

    /// <summary>There is no file.</summary>
    internal sealed record Missing : RegistryReading;

    /// <summary>A registry that can be used.</summary>
    internal sealed record Read(DeviceRegistry Registry) : RegistryReading;

    /// <summary>A file that cannot be used.</summary>
    internal sealed record Malformed(string Reason) : RegistryReading;
}

/// <summary>The registry's file on disk. It remembers what it has seen, and belongs to the one thread that looks.</summary>
internal sealed class RegistryFile(string path)
{
    private const long MaximumBytes = 64 << 20;

    private (DateTime Written, long Length)? _seen;
    private bool _hasLooked;

    public string Path { get; } = path;

    /// <summary>Looks whether the file is another than before, and if so, reads it.</summary>
    public RegistryReading Look()
    {
        try
        {
            var file = new FileInfo(Path);
            (DateTime, long)? now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : null;
            if (_hasLooked && now == _seen)
                return new RegistryReading.Unchanged();
            // What is remembered is older than what is read below: a change in between is found at the next look.
            (_seen, _hasLooked) = (now, true);
            if (now is null)
                return new RegistryReading.Missing();
            if (file.Length > MaximumBytes)
                return new RegistryReading.Malformed($"it has more than {MaximumBytes} bytes");
            return DeviceRegistry.TryParse(File.ReadAllText(Path), out DeviceRegistry? registry, out string? fault)
                ? new RegistryReading.Read(registry)
                : new RegistryReading.Malformed(fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // What kept it from being read may pass without the file changing.
            _hasLooked = false;
            return new RegistryReading.Malformed(fault.Message);
        }
    }
}
