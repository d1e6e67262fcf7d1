using System.Collections.Concurrent;
using System.Diagnostics;

namespace PolicyM2M.Testing;

/// <summary>A process that runs beside the test, and the lines it has printed so far.</summary>
public sealed class RunningProcess : IDisposable
{
    /// <summary>Bounds a wait for something that never comes; nothing is measured by it.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private int _taken;

    private RunningProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Arrived(line.Data);
        process.ErrorDataReceived += (_, line) => Arrived(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>Everything printed so far, standard output and standard error as they came.</summary>
    public string Transcript => string.Join('\n', _lines);

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its path, or its name in PATH.</param>
    /// <param name="arguments">Its arguments, each passed as it is.</param>
    /// <param name="folder">The folder in which it runs.</param>
    /// <param name="environment">Environment variables to add; a null value takes one away.</param>
    public static RunningProcess Start(string program, IEnumerable<string> arguments, string folder, IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach ((string name, string? value) in environment ?? [])
            start.Environment[name] = value;
        return new RunningProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start"));
    }

    /// <summary>The next line that matches, of those not yet taken; lines before it are passed over.</summary>
    /// <exception cref="TimeoutException">The process ended or fell silent without printing one; the message holds what it printed.</exception>
    public async Task<string> NextLineAsync(Func<string, bool> matches, string what)
    {
        ArgumentNullException.ThrowIfNull(matches);
        using var bound = new CancellationTokenSource(LongestWait);
        while (true)
        {
            foreach (string line in _lines.Skip(_taken))
            {
                _taken++;
                if (matches(line))
                    return line;
            }
            if (_process.HasExited && _lines.Count == _taken)
                throw new TimeoutException($"the process ended without {what}:\n{Transcript}");
            try
            {
                await _arrived.WaitAsync(TimeSpan.FromMilliseconds(200), bound.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"the process printed no {what}:\n{Transcript}");
            }
        }
    }

    /// <summary>Ends it as <c>kill -9</c> does: it learns nothing of it.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Asks it to end, with SIGTERM, and gives its exit code.</summary>
    public Task<int> TerminateAsync() => SignalAsync("TERM");

    /// <summary>Asks it to end as Ctrl+C does, with SIGINT, and gives its exit code.</summary>
    public Task<int> InterruptAsync() => SignalAsync("INT");

    private async Task<int> SignalAsync(string signal)
    {
        FinishedProcess.Run("kill", [$"-{signal}", $"{_process.Id}"]).Succeeded();
        using var bound = new CancellationTokenSource(LongestWait);
        await _process.WaitForExitAsync(bound.Token).ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>Kills it where it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _arrived.Dispose();
    }

    private void Arrived(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        try
        {
            _arrived.Release();
        }
        catch (ObjectDisposedException)
        {
            // The last lines of a killed process may come after the test is done with it.
        }
    }
}
