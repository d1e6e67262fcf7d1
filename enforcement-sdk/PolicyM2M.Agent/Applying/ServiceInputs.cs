using PolicyM2M.Agent.Configuration;
using PolicyM2M.Emitters;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Applying;

/// <summary>
/// The files that a service reads besides those that the agent writes: its certificate and key, the authorities, the revocation lists. A service goes by what it read when it was last told, so that a
/// new list must be told to it as new files are. Says on disk what it was told of, so that a change while the agent was away is seen. Used by one caller at a time.
/// </summary>
/// <param name="folder">The agent's own folder.</param>
/// <param name="service">The service.</param>
internal sealed class ServiceInputs(string folder, ManagedService service)
{
    /// <summary>Four paths and their digests.</summary>
    private const int LargestTaken = 64 << 10;

    private readonly string _path = Path.Combine(folder, StateFiles.TakenName, service.Name);
    private readonly Dictionary<string, (string Stamp, string Line)> _read = new(StringComparer.Ordinal);

    /// <summary>What the files hold now, a line for each. Those that are not on this machine do not count.</summary>
    /// <param name="keepsLists">Whether the service stays by the revocation lists that it was told of: those there are now cannot be used.</param>
    public string Now(bool keepsLists = false)
    {
        EmitterOptions options = service.Options;
        string taken = keepsLists ? Taken() ?? "" : "";
        string?[] files = [options.Certificate, options.Key, options.Authorities, options.RevocationLists];
        return string.Concat(files.Where(file => file is not null && Path.IsPathFullyQualified(file))
            .Select(file => keepsLists && file == options.RevocationLists ? taken.Split('\n').FirstOrDefault(line => line.StartsWith($"{file} ", StringComparison.Ordinal), $"{file} none") + "\n" : Line(file!)));
    }

    /// <summary>Whether the service was told of files that held this.</summary>
    public bool AreTaken(string now) => Taken() == now;

    /// <summary>The service was told.</summary>
    /// <exception cref="IOException">It cannot be written down.</exception>
    public void Take(string now) => ConfigurationFiles.Write(_path, now);

    private string? Taken()
    {
        try
        {
            return BoundedFile.ReadText(_path, LargestTaken);
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What is written anew and holds the same is no news; what has not been touched since is not read again.</summary>
    private string Line(string path)
    {
        string stamp = BoundedFile.Stamp(path);
        if (!_read.TryGetValue(path, out (string Stamp, string Line) known) || known.Stamp != stamp)
            _read[path] = known = (stamp, $"{path} {Content(path, stamp)}\n");
        return known.Line;
    }

    private static string Content(string path, string stamp)
    {
        try
        {
            return Convert.ToHexStringLower(BoundedFile.Sha256Of(path, ServiceLists.LargestFile));
        }
        catch (UnauthorizedAccessException)
        {
            // The agent may not be able to read a key: then what can be seen of it from outside must do.
            return $"unread {stamp}";
        }
        catch (IOException)
        {
            return "none";
        }
    }
}
