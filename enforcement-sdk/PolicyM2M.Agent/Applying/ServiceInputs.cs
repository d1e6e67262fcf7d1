using System.Globalization;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Files;

namespace PolicyM2M.Agent.Applying;

/// <summary>
/// The files that a service reads besides those that the agent writes: its certificate and key, the authorities, the revocation lists. A service goes by what it read when it was last told, so that a
/// new list must be told to it as new files are. Says on disk which it was told of, so that a change while the agent was away is seen.
/// </summary>
/// <param name="folder">The agent's own folder.</param>
/// <param name="service">The service.</param>
internal sealed class ServiceInputs(string folder, ManagedService service)
{
    /// <summary>Four paths, their lengths and times.</summary>
    private const int LargestStamp = 64 << 10;

    private readonly string _path = Path.Combine(folder, "taken", service.Name);

    /// <summary>How the files stand now: their lengths and times, since the agent may not be able to read a key. Those that are not on this machine do not count.</summary>
    public string Now()
    {
        string?[] files = [service.Options.Certificate, service.Options.Key, service.Options.Authorities, service.Options.RevocationLists];
        return string.Concat(files.Where(file => file is not null && Path.IsPathFullyQualified(file)).Select(file => Stamp(file!)));
    }

    /// <summary>Whether the service was told of files that stood so.</summary>
    public bool AreTaken(string stamp)
    {
        try
        {
            return OrdinaryFile.ReadText(_path, LargestStamp) == stamp;
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The service was told.</summary>
    /// <exception cref="IOException">It cannot be written down.</exception>
    public void Take(string stamp) => ConfigurationFiles.Write(_path, stamp);

    private static string Stamp(string path)
    {
        var file = new FileInfo(RealPath.Of(path));
        return string.Create(CultureInfo.InvariantCulture, $"{path} {(file.Exists ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : "none")}\n");
    }
}
