using System.Diagnostics;

namespace PolicyM2M.Testing;

/// <summary>A process that ran to its end, and what it said.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">All of its standard output.</param>
/// <param name="Error">All of its standard error.</param>
public sealed record FinishedProcess(int ExitCode, string Output, string Error)
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its path, or its name in PATH.</param>
    /// <param name="arguments">Its arguments, each passed as it is.</param>
    /// <param name="folder">The folder in which it runs; null for the test's own.</param>
    /// <param name="input">What it reads from its standard input.</param>
    /// <param name="environment">Environment variables to add; a null value takes one away.</param>
    public static FinishedProcess Run(
        string program,
        IEnumerable<string> arguments,
        string? folder = null,
        string input = "",
        IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach ((string name, string? value) in environment ?? [])
            start.Environment[name] = value;

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        // Both streams are drained at once: a process blocks when a pipe that nobody reads is full.
        string error = "";
        var errorReader = new Thread(() => error = process.StandardError.ReadToEnd());
        errorReader.Start();
        var inputWriter = new Thread(() => Feed(process, input));
        inputWriter.Start();
        string output = process.StandardOutput.ReadToEnd();
        errorReader.Join();
        inputWriter.Join();
        process.WaitForExit();
        return new FinishedProcess(process.ExitCode, output, error);
    }

    /// <summary>This, where the exit code was 0.</summary>
    /// <exception cref="InvalidOperationException">It was not; the message holds what the process said.</exception>
    public FinishedProcess Succeeded() =>
        ExitCode == 0 ? this : throw new InvalidOperationException($"exit code {ExitCode}\n{Output}{Error}");

    private static void Feed(Process process, string input)
    {
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The process ended without reading all of its input, as it may: its exit code and words are what the test judges.
        }
    }
}
