namespace PolicyM2M.Agent.Applying;

/// <summary>
/// Says on disk that a service does not run yet by the files that it has, so that an agent which starts anew after a power cut brings it there. Where there is no mark, files and service agree.
/// </summary>
/// <param name="folder">The agent's own folder.</param>
/// <param name="service">The service's name, which is plain and no other's.</param>
internal sealed class PendingMark(string folder, string service)
{
    private readonly string _path = Path.Combine(folder, StateFiles.PendingName, service);

    public bool IsSet => File.Exists(_path);

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Set()
    {
        if (!IsSet)
            ConfigurationFiles.Write(_path, "");
    }

    /// <exception cref="IOException">It cannot be taken away.</exception>
    public void Clear() => File.Delete(_path);
}
