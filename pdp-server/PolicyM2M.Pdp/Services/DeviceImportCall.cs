using Grpc.Core;
using PolicyM2M.Audit;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Files;
using PolicyM2M.Wire.V1;
using Fault = PolicyM2M.Registry.Files.ImportFault;
using Format = PolicyM2M.Registry.Files.ImportFormat;
using ImportProgress = PolicyM2M.Pdp.Devices.ImportProgress;

namespace PolicyM2M.Pdp.Services;

/// <summary>One import: takes a file in chunks, reports every fault, and writes all devices or those without one, in parts.</summary>
internal sealed class DeviceImportCall(ImportUploads uploads, DeviceStore store, RegistryState state, RevisionState revisions, AuditTrail audit, ILogger<DeviceImportCall> log) : IDisposable
{
    /// <summary>As many faults in one message as stay well below what a client takes.</summary>
    private const int FaultsAtOnce = 500;

    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromSeconds(5);

    /// <summary>What is made of a file takes several times its size: two at a time, whoever asks.</summary>
    private readonly SemaphoreSlim _atOnce = new(2);

    /// <summary>Runs it.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT where there are no options or the file is too large, RESOURCE_EXHAUSTED where others are running, DEADLINE_EXCEEDED where the file is late.</exception>
    /// <exception cref="RegistryUnavailableException">The database cannot be used; nothing is known to be written. Where some of it is, an RpcException with UNAVAILABLE says how much.</exception>
    public async Task<long> RunAsync(
        IAsyncStreamReader<ImportDevicesRequest> requests, IServerStreamWriter<ImportDevicesResponse> responses, Caller actor, CancellationToken cancellationToken)
    {
        audit.Demand();
        // The place is taken once the file is there: who sends slowly, or nothing, holds nobody up.
        using ImportUpload upload = await uploads.ReceiveAsync(requests, cancellationToken);
        if (!await _atOnce.WaitAsync(TimeSpan.Zero, cancellationToken))
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "other imports are running; try again when they have ended"));
        try
        {
            return await ImportAsync(upload.Options, upload.File, responses, actor, cancellationToken);
        }
        finally
        {
            _atOnce.Release();
        }
    }

    private async Task<long> ImportAsync(ImportOptions options, byte[] file, IServerStreamWriter<ImportDevicesResponse> responses, Caller actor, CancellationToken cancellationToken)
    {
        DeviceImport import = DeviceImport.Read(file, options.Format == Wire.V1.ImportFormat.Csv ? Format.Csv : Format.Json, revisions.Current.Active.Decider);
        List<(string, DeviceChange)> changes = [.. import.Devices.Select(device => (device.Id, (DeviceChange)device.Change))];
        Written plan = await PlanAsync(changes, file, actor, cancellationToken);
        int refused = plan.Refusals.Count(refusal => refusal is not null);
        bool isWritten = !options.DryRun && (options.KeepGood || import.Faults.Length + refused == 0);
        var progress = new ImportProgress(plan.Sequence);
        var told = new ToldProgress(responses, changes.Count);
        if (isWritten)
            await WriteAsync(changes, file, progress, told, actor, cancellationToken);
        // What the registry refuses is a fault of its line, like any other.
        IReadOnlyList<Refusal?> refusals = isWritten ? progress.Refusals : plan.Refusals;
        Fault[] refusedLines = [.. refusals.Zip(import.Devices).Where(pair => pair.First is not null).Select(pair => new Fault(pair.Second.Line, 1, pair.First!.Message))];
        Fault[] faults = [.. import.Faults, .. refusedLines];
        var summary = new ImportSummary
        {
            Written = isWritten,
            Good = import.Devices.Length - refusedLines.Length,
            Changed = isWritten ? progress.Changed.Count : plan.Changed,
            Faults = faults.Length,
        };
        string detail = $"{summary.Good} good, {summary.Changed} {(isWritten ? "changed" : "would change")}, {Amount.Of(summary.Faults, "fault")}";
        string? notDone = isWritten ? null : options.DryRun ? "it was only tried" : "one fault keeps everything from being written";
        if (notDone is null)
            log.DevicesImported(actor.Id, detail);
        else
            log.DevicesNotImported(actor.Id, detail, notDone);
        await RecordAsync(actor, notDone is null
            ? ImportWords.Of(progress, detail, file, audit.Pseudonyms)
            : NotDone(file, notDone, detail));
        await told.LastAsync();
        foreach (Fault[] some in faults.OrderBy(fault => fault.Line).ThenBy(fault => fault.Column).Chunk(FaultsAtOnce))
            await responses.WriteAsync(new ImportDevicesResponse { Faults = { some.Select(DeviceMapping.ToWire) } }, cancellationToken);
        if (isWritten)
            await state.WaitForSequence(progress.Sequence, LongestCatchUp, cancellationToken);
        await responses.WriteAsync(new ImportDevicesResponse { Warnings = { import.Warnings.Select(DeviceMapping.ToWire) }, Summary = summary }, cancellationToken);
        return isWritten ? progress.Sequence : plan.Sequence;
    }

    private async Task<Written> PlanAsync(List<(string, DeviceChange)> changes, byte[] file, Caller actor, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ChangeAllAsync(changes, actor.Id.ToString(), Writing.Nothing, cancellationToken);
        }
        catch (RegistryUnavailableException)
        {
            await RecordAsync(actor, NotDone(file, "the registry could not be reached, and nothing was written"));
            throw;
        }
    }

    /// <summary>Writes in parts, between which others make their changes. What is written stays where it breaks off, and is recorded.</summary>
    private async Task WriteAsync(List<(string, DeviceChange)> changes, byte[] file, ImportProgress progress, ToldProgress told, Caller actor, CancellationToken cancellationToken)
    {
        try
        {
            await store.ChangeInPartsAsync(changes, actor.Id.ToString(), part =>
            {
                progress.Add(part);
                told.Say(progress.Good);
            }, cancellationToken);
        }
        catch (Exception fault) when (fault is RegistryUnavailableException or OperationCanceledException)
        {
            string why = fault is RegistryUnavailableException registry ? ChangeWords.Failed(registry) : "whoever asked for it hung up";
            if (progress.Refusals.Count == 0)
            {
                await RecordAsync(actor, NotDone(file, why));
                throw;
            }
            string detail = $"{progress.Good} of {changes.Count} written, {progress.Changed.Count} changed; then it broke off: {why}";
            log.DevicesImportBroken(actor.Id, detail);
            await RecordAsync(actor, ImportWords.Of(progress, detail, file, audit.Pseudonyms));
            await told.LastAsync();
            throw new RpcException(new Status(StatusCode.Unavailable, $"the import broke off: {progress.Good} of {changes.Count} devices are written, from the first line on; "
                + $"import the file again, which changes only what is not written yet: {(fault is RegistryUnavailableException away ? DeviceMapping.Words(away) : why)}"));
        }
    }

    private AuditDeviceChange NotDone(byte[] file, string why, string detail = "")
    {
        AuditDeviceChange change = ImportWords.Of(file, audit.Pseudonyms);
        (change.NotDone, change.Detail) = (why, detail);
        return change;
    }

    /// <summary>Before anything is told: it has happened, and whoever hangs up now is recorded all the same.</summary>
    private ValueTask RecordAsync(Caller actor, AuditDeviceChange change) => audit.DoneAsync(actor, "", record => record.DeviceChange = change, CancellationToken.None);

    public void Dispose() => _atOnce.Dispose();
}
