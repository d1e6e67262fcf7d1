using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Signing;

/// <summary>
/// The keys that sign decisions and statements. When the one that signs has signed long enough the next is made; the old ones' private halves are forgotten at once, and their
/// public halves are served until nothing that they signed can be used. Mutable, and safe for all threads: one lock holds signing and changing keys.
/// </summary>
internal sealed class SigningKeys : IDisposable
{
    /// <summary>So many keys are kept in the file, whatever the clock says: one that jumps ahead must not cost the keys of what is out there.</summary>
    private const int MostKept = 12;

    /// <summary>How long the old key goes on before the next one is tried again.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly SigningKeyFile _file;
    private readonly ILogger<SigningKeys> _log;
    private ECDsa _private;
    private ImmutableArray<SigningKey> _keys;
    private DateTimeOffset? _failedAt;

    private SigningKeys(SigningKeyFile file, ECDsa signing, ImmutableArray<SigningKey> keys, ILogger<SigningKeys> log)
    {
        _file = file;
        _private = signing;
        _keys = keys;
        _log = log;
    }

    /// <summary>The keys of a data folder; the first one is made where there is none.</summary>
    /// <exception cref="StartupException">The file of keys cannot be used or made.</exception>
    public static SigningKeys Open(DataFolder data, DateTimeOffset now, ILogger<SigningKeys> log)
    {
        var file = new SigningKeyFile(data.SigningKeys);
        if (file.Read() is { } known)
            return new SigningKeys(file, known.Private, known.Keys, log);
        var first = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ImmutableArray<SigningKey> keys = [SigningKey.Of(first, now)];
        try
        {
            file.Write(first, keys);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the signing keys `{data.SigningKeys}` cannot be written: {fault.Message}");
        }
        return new SigningKeys(file, first, keys, log);
    }

    /// <summary>The keys that something usable may be signed by, the one that signs first.</summary>
    public ImmutableArray<SigningKey> PublishedAt(DateTimeOffset now)
    {
        lock (_lock)
        {
            Follow(now);
            return [.. _keys.Where((key, i) => i == 0 || key.NotAfter > now)];
        }
    }

    /// <summary>Signs what <paramref name="make"/> makes for a key: it must say nothing beyond that key's end.</summary>
    public Wire.V1.SignedPayload Sign(SignedKind kind, DateTimeOffset now, Func<SigningKey, IMessage> make)
    {
        lock (_lock)
        {
            Follow(now);
            return Wire.Signing.Sign(kind, make(_keys[0]).ToByteString(), _private, _keys[0].Id);
        }
    }

    public void Dispose() => _private.Dispose();

    /// <summary>Changes the key when it is time. Where the new one cannot be written the old one goes on: what it signs ends with it.</summary>
    private void Follow(DateTimeOffset now)
    {
        if (now < _keys[0].SignsUntil || _failedAt is { } failed && (now - failed).Duration() < RetryAfter)
            return;
        var next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ImmutableArray<SigningKey> keys = [SigningKey.Of(next, now), .. _keys.Take(MostKept - 1)];
        try
        {
            _file.Write(next, keys);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            next.Dispose();
            _failedAt = now;
            _log.SigningKeyNotWritten(fault.Message);
            return;
        }
        _private.Dispose();
        (_private, _keys, _failedAt) = (next, keys, null);
        _log.SigningKeyChanged(keys[0].Id, keys[0].SignsUntil);
    }
}
