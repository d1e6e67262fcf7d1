using PolicyM2M.Pdp.Startup.Configuration;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Startup;

/// <summary>How the process ends, whatever ended it.</summary>
internal static class ProcessEnd
{
    /// <summary>Runs the server, and says why it ended where that was not in order.</summary>
    /// <param name="run">Starts it, and waits until it ends.</param>
    /// <param name="errors">Where faults are said.</param>
    /// <param name="places">Where options are set, if not on the command line.</param>
    /// <param name="asked">Whether somebody asked it to end while it started.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> OfAsync(Func<Task> run, TextWriter errors, IReadOnlyDictionary<string, string> places, CancellationToken asked)
    {
        try
        {
            await run();
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (OperationCanceledException fault)
        {
            await errors.WriteLineAsync($"error: something was cut short, and nobody asked the decision point to end: {fault.Message}");
            return ExitCode.CouldNotRun;
        }
        catch (StartupException fault)
        {
            await errors.WriteLineAsync($"error: {Settings.WithPlaces(fault.Message, places)}");
            return fault.ExitCode;
        }
        catch (PolicyStoreException fault)
        {
            await errors.WriteLineAsync($"error: {Settings.WithPlaces(fault.Message, places)}");
            return ExitCode.CouldNotRun;
        }
    }
}
