using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Programs;

namespace PolicyM2M.Agent.Applying;

/// <summary>Does to a service what its configuration says is to be done.</summary>
internal static class ServiceControl
{
    /// <summary>A service that restarts takes seconds; one that hangs must not hang the agent.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private const int MostOfItsWords = 300;

    /// <summary>Does it.</summary>
    /// <returns>Why it could not be done; null where it was.</returns>
    public static async Task<string?> ActAsync(ServiceCommand command, CancellationToken ending)
    {
        try
        {
            FinishedProgram finished = await new ProgramRun(command.Program, command.Arguments) { TimeLimit = Longest, OutputLimit = MostOfItsWords, KeepsTail = true }.RunAsync(ending);
            string said = (finished.Errors.Length > 0 ? finished.Errors : finished.Output).ReplaceLineEndings(" ").Trim();
            return finished.ExitCode == 0 ? null : $"{command.Program} ended with {finished.ExitCode}{(said.Length == 0 ? "" : $": {said}")}";
        }
        catch (ProgramFailedException failure)
        {
            return $"{command.Program} {failure.Message}";
        }
    }
}
