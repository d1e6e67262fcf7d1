using System.Diagnostics;
using System.Text;
using PolicyM2M.Agent.Configuration;

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
        var start = new ProcessStartInfo(command.Program, command.Arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(ending);
        bound.CancelAfter(Longest);
        try
        {
            using Process process = Process.Start(start)!;
            try
            {
                // Both are read to the end: a program that is not read from waits for ever.
                Task<string> words = TailAsync(process.StandardError, bound.Token), others = TailAsync(process.StandardOutput, bound.Token);
                await process.WaitForExitAsync(bound.Token);
                string said = await words is { Length: > 0 } error ? error : await others;
                return process.ExitCode == 0 ? null : $"{command.Program} ended with {process.ExitCode}{(said.Length == 0 ? "" : $": {said}")}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                ending.ThrowIfCancellationRequested();
                return $"{command.Program} did not end within {Longest.TotalSeconds:0} s";
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return $"{command.Program} cannot be started: {failure.Message}";
        }
    }

    /// <summary>The last of what a program says, in one line.</summary>
    private static async Task<string> TailAsync(StreamReader reader, CancellationToken ending)
    {
        var tail = new StringBuilder();
        char[] buffer = new char[1_024];
        while (await reader.ReadAsync(buffer, ending) is > 0 and int read)
        {
            tail.Append(buffer, 0, read);
            if (tail.Length > MostOfItsWords)
                tail.Remove(0, tail.Length - MostOfItsWords);
        }
        return tail.ToString().ReplaceLineEndings(" ").Trim();
    }
}
