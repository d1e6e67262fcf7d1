using System.Security.Cryptography;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Renewing;

/// <summary>
/// Has the gateway use a certificate, its key and the authorities of the decision point that somebody else puts in the place of those before, where the agent renews none itself. Files that cannot be used change
/// nothing: whoever replaces three of them does not do it in one instant. Used by one caller.
/// </summary>
internal sealed class ReplacedCredential
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly AgentConfiguration _configuration;
    private readonly Sightings _seen;
    private readonly TimeProvider _time;
    private string _used;

    /// <summary>Why they cannot be used, as at the last look, and whether that was said.</summary>
    private (string Reason, bool IsSaid) _fault = ("", true);

    /// <summary>To be made before the gateway reads the files: what is replaced meanwhile is seen at the first look.</summary>
    /// <param name="configuration">Where they are.</param>
    /// <param name="seen">Told what came of it.</param>
    /// <param name="time">The clock.</param>
    public ReplacedCredential(AgentConfiguration configuration, Sightings seen, TimeProvider time)
    {
        (_configuration, _seen, _time) = (configuration, seen, time);
        _used = Stamps();
    }

    /// <summary>Looks until it is told to end.</summary>
    public async Task RunAsync(Gateway gateway, CancellationToken ending)
    {
        while (true)
        {
            await Task.Delay(Pause, _time, ending);
            await LookAsync(gateway);
        }
    }

    /// <summary>Takes the files up, where they are others than before.</summary>
    public async Task LookAsync(Gateway gateway)
    {
        string found = Stamps();
        if (found == _used)
            return;
        try
        {
            await gateway.ReloadAsync();
            _used = found;
            _fault = ("", true);
            _seen.Credential(gateway.DeviceId, CertificateFile.Until(_configuration.Certificate));
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // Half of a replacement is said at the second look, once.
            bool isSame = _fault.Reason == unusable.Message;
            if (isSame && !_fault.IsSaid)
                _seen.Rotation("credential-not-taken", unusable.Message);
            _fault = (unusable.Message, isSame);
        }
    }

    private string Stamps() => string.Join('\n', new[] { _configuration.Certificate, _configuration.Key, _configuration.Trust }.Select(BoundedFile.Stamp));
}
