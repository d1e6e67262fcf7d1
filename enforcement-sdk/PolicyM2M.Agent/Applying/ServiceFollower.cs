using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Status;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Applying;

/// <summary>
/// Keeps one service at what is decided. Called by one at a time, again and again with what is decided then: what could not be done is tried again by the next call.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="pending">Whether files and service agree.</param>
/// <param name="inputs">The other files that the service reads.</param>
/// <param name="seen">Told what became of it.</param>
internal sealed class ServiceFollower(ManagedService service, PendingMark pending, ServiceInputs inputs, Sightings seen)
{
    /// <summary>Brings the service to what is decided: with files that changed, or to its end.</summary>
    /// <param name="emission">What is decided.</param>
    /// <param name="ending">Ends it.</param>
    /// <param name="denied">Nothing may run any more: what makes the service take its files is ended, and the next call ends the service.</param>
    public async Task FollowAsync(Emission emission, CancellationToken ending, CancellationToken denied = default)
    {
        try
        {
            if (emission.Refusal is null)
                await RunAsync(emission, denied, ending);
            else
                await EndAsync(emission, emission.Refusal, ending);
        }
        catch (OperationCanceledException) when (denied.IsCancellationRequested && !ending.IsCancellationRequested)
        {
            // The mark stays, and the denial ends the service.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Its files are those of an earlier decision, which may allow more.
            string? notEnded = await ServiceControl.ActAsync(service.Refused, ending);
            seen.Service(service.Name, ServiceStage.Failing, $"its files cannot be written: {failure.Message}; {Ended(notEnded)}");
        }
    }

    private async Task RunAsync(Emission emission, CancellationToken denied, CancellationToken ending)
    {
        string read = inputs.Now(keepsLists: emission.Fault is not null);
        if (!pending.IsSet && inputs.AreTaken(read) && !emission.Files.Any(Differs) && !emission.Absent.Any(name => File.Exists(PathOf(name))))
        {
            Runs(emission);
            return;
        }
        pending.Set();
        Write(emission);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending, denied);
        if (await ServiceControl.ActAsync(service.Changed, either.Token) is { } failure)
        {
            // It still runs by what it read before, which may allow more.
            string? notEnded = await ServiceControl.ActAsync(service.Refused, ending);
            seen.Service(service.Name, ServiceStage.Failing, $"it does not take its new files: {failure}; {Ended(notEnded)}");
            return;
        }
        inputs.Take(read);
        pending.Clear();
        Runs(emission);
    }

    private void Runs(Emission emission) =>
        seen.Service(service.Name, emission.Fault is null ? ServiceStage.InForce : ServiceStage.Failing, emission.Fault is null ? emission.Loss : $"{emission.Fault}; it stays by those that it has read");

    private async Task EndAsync(Emission emission, string reason, CancellationToken ending)
    {
        // The mark stays until the service may run again, and then has it started.
        pending.Set();
        // Each time anew: an administrator or a reboot may have started it since.
        string? failure = await ServiceControl.ActAsync(service.Refused, ending);
        // After its end: files that cannot be written must not keep it running.
        Write(emission);
        seen.Service(service.Name, failure is null ? ServiceStage.Refused : ServiceStage.Failing, failure is null ? reason : $"{reason}; {Ended(failure)}");
    }

    private void Write(Emission emission)
    {
        // Whoever made the link may lead it elsewhere, where the service reads other files or the agent overwrites somebody's.
        if (FileFacts.OfLink(service.Folder) is { Kind: FileKind.Link } link && link.Owner != 0 && link.Owner != SystemAccounts.Own())
            throw new IOException($"`{service.Folder}` is a link that user {link.Owner} made, and the agent writes through none but its own and root's");
        foreach ((string name, string text) in emission.Files.Where(Differs))
            ConfigurationFiles.Write(PathOf(name), text);
        foreach (string name in emission.Absent)
            File.Delete(PathOf(name));
    }

    private bool Differs(KeyValuePair<string, string> file) => ConfigurationFiles.Differs(PathOf(file.Key), file.Value);

    private string PathOf(string name) => Path.Combine(service.Folder, name);

    private static string Ended(string? failure) => failure is null ? "so it was ended" : $"and it could not be ended: {failure}";
}
