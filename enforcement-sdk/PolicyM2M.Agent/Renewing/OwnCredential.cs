using System.Collections.Immutable;
using System.Threading.Channels;
using Grpc.Core;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Enforcement.Rotation.Commands;
using PolicyM2M.Enforcement.Rotation.Est;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Renewing;

/// <summary>
/// Renews the gateway's own credential as it is decided, and has the gateway use what came. A new credential is on trial until the decision point has answered it; where it turns it away, the one
/// before serves again. Its mutable part is the mailbox of switches, which takes from any thread.
/// </summary>
internal sealed class OwnCredential : IDisposable
{
    private const string Name = "gateway", Link = "current";

    private static readonly string[] States = ["state.json", "state.before.json"];

    /// <summary>While the decision point is away, a credential on trial is shown to it this often.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Channel<bool> _switches = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly string _folder;
    private readonly Sightings _seen;
    private readonly TimeProvider _time;
    private RotationScheduler? _scheduler;
    private Gateway? _gateway;

    private OwnCredential(string folder, Sightings seen, TimeProvider time) => (_folder, _seen, _time) = (folder, seen, time);

    /// <summary>The certificate in use, PEM.</summary>
    public string CertificatePath => Path.Combine(Current, "certificate.pem");

    /// <summary>Its key, PEM.</summary>
    public string KeyPath => Path.Combine(Current, "key.pem");

    /// <summary>Where the link leads now: it leads elsewhere after the next switch, and the files of the one before are then still where they were.</summary>
    private string Current => RealPath.Of(Path.Combine(_folder, Link));

    /// <summary>The folder of the credentials.</summary>
    public static string FolderOf(AgentConfiguration configuration) => Path.Combine(configuration.State, StateFiles.CredentialName);

    /// <summary>The files that say where the rotation stands.</summary>
    public static IEnumerable<string> StatesOf(AgentConfiguration configuration) => States.Select(name => Path.Combine(FolderOf(configuration), name));

    /// <summary>The certificate and key that the agent shows: those that it renewed, where there are any.</summary>
    public static (string Certificate, string Key) InUse(AgentConfiguration configuration)
    {
        string folder = Path.Combine(FolderOf(configuration), Link), certificate = Path.Combine(folder, "certificate.pem");
        return configuration.Renewal is not null && File.Exists(certificate) ? (certificate, Path.Combine(folder, "key.pem")) : (configuration.Certificate, configuration.Key);
    }

    /// <summary>The configuration with the certificate and key that the agent shows.</summary>
    public static AgentConfiguration WithInUse(AgentConfiguration configuration)
    {
        (string certificate, string key) = InUse(configuration);
        return configuration with { Certificate = certificate, Key = key };
    }

    /// <summary>What lies in the place of the link to the credential in use and is none; null where it is one, or nothing is there.</summary>
    public static string? LinkFault(AgentConfiguration configuration)
    {
        string link = Path.Combine(FolderOf(configuration), Link);
        return configuration.Renewal is not null && FileFacts.OfLink(link) is { Kind: not FileKind.Link } ? link : null;
    }

    /// <summary>Takes the rotation up where it was left.</summary>
    /// <exception cref="IOException">The credential or its folder cannot be used.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The credential is malformed.</exception>
    public static OwnCredential Open(AgentConfiguration configuration, RenewalOptions renewal, string device, Sightings seen, TimeProvider time)
    {
        var own = new OwnCredential(FolderOf(configuration), seen, time);
        own._scheduler = RotationScheduler.Open(new RotationOptions
        {
            Name = Name,
            Device = device,
            Folder = own._folder,
            CertificatePath = configuration.Certificate,
            KeyPath = configuration.Key,
            TrustPath = renewal.Trust,
            Decide = own.DecideAsync,
            Renewal = Issuer(renewal, time),
            Report = async (report, ending) =>
            {
                CallInvoker calls = await own._gateway!.CallsAsync();
                return await PdpReports.To(() => calls, "", time)(report, ending);
            },
            OnEvent = own.Hear,
            Time = time,
        });
        return own;
    }

    /// <summary>Renews until it is told to end, or one half of it fails.</summary>
    public async Task RunAsync(Gateway gateway, CancellationToken ending)
    {
        _gateway = gateway;
        // A trial that an agent before this one began goes on.
        if (_scheduler![Name].IsOnTrial)
            _switches.Writer.TryWrite(true);
        await Joined.RunAsync(ending, _scheduler.RunAsync, whole => SwitchAsync(gateway, whole));
    }

    /// <summary>What is decided may be something else now.</summary>
    public void Nudge() => _scheduler!.Nudge();

    /// <inheritdoc/>
    public void Dispose() => _scheduler?.Dispose();

    private async ValueTask<Outcome> DecideAsync(Credential credential, CancellationToken ending) =>
        (await _gateway!.DecideAsync(refresh: false, ending)).First(decision => decision.Kind == DecisionKind.Rotation).Outcome;

    private void Hear(RotationEvent happened)
    {
        (string what, string detail) = RotationText.Of(happened);
        _seen.Rotation(what, detail, status => happened switch
        {
            RotationEvent.Failed => status with { RenewalFault = detail },
            RotationEvent.Switched or RotationEvent.Adopted or RotationEvent.Confirmed => status with { RenewalFault = null },
            RotationEvent.UseChanged use => status with { WhyUnusable = (use.Use as CredentialUse.Unusable)?.Reason },
            _ => status,
        });
        if (happened is RotationEvent.Switched or RotationEvent.RolledBack or RotationEvent.Adopted)
            _switches.Writer.TryWrite(true);
    }

    private async Task SwitchAsync(Gateway gateway, CancellationToken ending)
    {
        try
        {
            await foreach (bool _ in _switches.Reader.ReadAllAsync(ending))
            {
                // Told before, so that what the decision point then says is said of this one.
                _seen.Credential(gateway.DeviceId, CertificateFile.Until(CertificatePath));
                await gateway.SwitchAsync(CertificatePath, KeyPath);
                await TryAsync(gateway, ending);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The daemon ends; what is on trial is tried again by the next one.
        }
    }

    /// <summary>
    /// Shows the decision point the credential. Only its own word, or that it takes the one before, tells something of it: while nobody answers, and while somebody on the way breaks each connection, it stays on trial.
    /// </summary>
    private async Task TryAsync(Gateway gateway, CancellationToken ending)
    {
        string fingerprint = CertificateFile.FingerprintOf(CertificatePath);
        // Until it is another that is to be tried.
        while (CertificateFile.FingerprintOf(CertificatePath) == fingerprint)
        {
            ImmutableArray<DeviceDecision> answers = await gateway.DecideAsync(refresh: true, ending);
            if (answers.All(answer => answer.Source == DecisionSource.Live))
            {
                await _scheduler![Name].UsedAsync(fingerprint, ending);
                return;
            }
            if (_seen.Current is { Outage: { } reason } status && (status.IsUnwelcome || (status.IsTurnedAway && await IsPredecessorTakenAsync(gateway, ending))))
            {
                await _scheduler![Name].FailedAsync(fingerprint, reason, ending);
                return;
            }
            await Task.Delay(Pause, _time, ending);
        }
    }

    /// <summary>Whether the decision point answers the credential before the one on trial. Where it does not, or there is none to go back to, the one on trial is shown again.</summary>
    private async Task<bool> IsPredecessorTakenAsync(Gateway gateway, CancellationToken ending)
    {
        if (_scheduler![Name].Use is not CredentialUse.Usable { Predecessor: { } before })
            return false;
        await gateway.SwitchAsync(before.CertificatePath, before.KeyPath);
        if ((await gateway.DecideAsync(refresh: true, ending)).All(answer => answer.Source == DecisionSource.Live))
            return true;
        await gateway.SwitchAsync(CertificatePath, KeyPath);
        return false;
    }

    private static IRenewal Issuer(RenewalOptions renewal, TimeProvider time) => renewal switch
    {
        RenewalOptions.Est est => new EstRenewal(new EstOptions { Endpoint = est.Endpoint, TrustPath = est.ServerTrust, Time = time }),
        RenewalOptions.Command command => new CommandRenewal(new CommandOptions { Program = command.Program, Arguments = command.Arguments }),
        _ => throw new ArgumentOutOfRangeException(nameof(renewal), renewal, "an issuer that nobody asks"),
    };
}
