using PolicyM2M.Audit;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Files;

namespace PolicyM2M.Pdp.Devices;

/// <summary>
/// Fills a registry that nobody has ever written to from <c>devices.json</c> in the data folder, where there is one. After that the file is never read again: a registry that was lost is not
/// filled from it, since a device that was quarantined in it would come back as the file has it.
/// </summary>
internal sealed class FirstImport(DataFolder data, DeviceStore store, RevokedDevices revoked, RevisionState revisions, AuditTrail audit, ILogger<FirstImport> log)
{
    private const string Actor = "first start";
    private const int MaximumFaults = 20;

    /// <summary>Whether something was written. A file with a fault is not taken: it is said what is wrong, and the next start tries again.</summary>
    /// <exception cref="RegistryUnavailableException">The database cannot be used.</exception>
    public async Task<bool> RunAsync(long sequence, CancellationToken cancellationToken)
    {
        if (sequence > 0 || revoked.Earlier is not null || Read() is not { } bytes)
            return false;
        DeviceImport import = DeviceImport.Read(bytes, ImportFormat.Json, revisions.Current.Active.Decider);
        foreach (ImportFault fault in import.Faults.Take(MaximumFaults))
            log.FirstImportFault(data.Registry, fault.Line, fault.Column, fault.Message);
        if (import.Faults.Length > 0)
        {
            log.FirstImportRefused(data.Registry, Amount.Of(import.Faults.Length, "fault"));
            return false;
        }
        Written written = await store.ChangeAllAsync([.. import.Devices.Select(device => (device.Id, (DeviceChange)device.Change))], Actor, Writing.AllOrNothing, cancellationToken);
        var progress = new ImportProgress(sequence);
        progress.Add(written);
        log.FirstImported(data.Registry, written.Changed, store.Name);
        // Nobody asked for it, and nobody waits for its record.
        audit.Note(null, "", record => record.DeviceChange = ImportWords.Of(progress, $"{Actor}, {written.Changed} changed", bytes, audit.Pseudonyms));
        return written.Changed > 0;
    }

    private byte[]? Read()
    {
        try
        {
            return File.Exists(data.Registry) ? OrdinaryFile.Read(data.Registry, DeviceImport.MaximumBytes) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            log.FirstImportUnreadable(data.Registry, FaultText.Of(fault));
        }
        return null;
    }
}
