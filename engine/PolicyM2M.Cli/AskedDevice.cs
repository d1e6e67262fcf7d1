using PolicyM2M.Audit;

namespace PolicyM2M.Cli;

/// <summary>The device that somebody looks for in a log, which may name it by a keyed hash.</summary>
internal sealed class AskedDevice
{
    private readonly string _id;
    private readonly string? _pseudonym;
    private bool _hasPseudonyms;

    private AskedDevice(string id, string? pseudonym) => (_id, _pseudonym) = (id, pseudonym);

    /// <param name="id">The device as the log names it, or its id; null for all.</param>
    /// <param name="keyFile">The secret by which the log names devices; null where nobody gave it.</param>
    /// <exception cref="CannotRunException">The file cannot be read, is too short, or is given for no device.</exception>
    public static AskedDevice? Of(string? id, string? keyFile)
    {
        if (keyFile is null)
            return id is null ? null : new AskedDevice(id, null);
        if (id is null)
            throw new CannotRunException("--pseudonym-key is for finding a device; name it with --device");
        try
        {
            return new AskedDevice(id, FileFault.Reading(keyFile, () => PseudonymKey.Read(keyFile)).NameOf(id));
        }
        catch (FormatException fault)
        {
            throw new CannotRunException($"--pseudonym-key: {fault.Message}", fault);
        }
    }

    /// <summary>Whether a record is about it. A log may name it both ways: from when its server was given the key on, or until then.</summary>
    public bool Is(string named)
    {
        _hasPseudonyms |= PseudonymKey.IsPseudonym(named);
        return named == _id || named == _pseudonym;
    }

    /// <summary>Why records about it may not have been found; null where nothing speaks for that.</summary>
    public string? Overlooked(bool isFound) => (_hasPseudonyms, _pseudonym) switch
    {
        (true, null) when !PseudonymKey.IsPseudonym(_id) =>
            $"devices of this log are named by a keyed hash; to find `{_id}`, give the secret of its server (`--audit-pseudonyms`) with --pseudonym-key FILE, or the hash with --device",
        (true, not null) when !isFound => $"no record that was looked at is about `{_id}`, if the file of --pseudonym-key is the secret of this log's server (`--audit-pseudonyms`)",
        _ when !isFound => $"no record that was looked at is about `{_id}`",
        _ => null,
    };
}
