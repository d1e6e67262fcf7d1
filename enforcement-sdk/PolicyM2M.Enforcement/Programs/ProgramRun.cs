using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace PolicyM2M.Enforcement.Programs;

/// <summary>
/// Runs a program of the operator's and hears what it says, within bounds of time and words. Of this process's environment it gets what a program needs to find others: everything else is none of its
/// business, and may be secret. It is given nothing to read.
/// </summary>
/// <param name="program">Its path.</param>
/// <param name="arguments">Its arguments, each passed as it is.</param>
internal sealed class ProgramRun(string program, IEnumerable<string> arguments)
{
    /// <summary>The last two are how systemctl finds the service manager of a user.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

    /// <summary>How long it may take.</summary>
    public required TimeSpan TimeLimit { get; init; }

    /// <summary>How many bytes it may say on either stream.</summary>
    public required int OutputLimit { get; init; }

    /// <summary>Whether of more than that the last is kept, and is no failure.</summary>
    public bool KeepsTail { get; init; }

    /// <summary>More of its environment.</summary>
    public ImmutableDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Runs it to its end. Whatever it began is ended with it.</summary>
    /// <exception cref="ProgramFailedException">It cannot be started, took too long, or said too much; the message goes on after the program's name.</exception>
    /// <exception cref="OperationCanceledException">The caller ended it.</exception>
    public async Task<FinishedProgram> RunAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeLimit);
        using var process = new Process { StartInfo = Start() };
        try
        {
            process.Start();
            process.StandardInput.Close();
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            throw new ProgramFailedException($"cannot be started: {failure.Message}", failure);
        }
        try
        {
            // Both are read to the end: a program that is not read from waits for ever.
            Task<string> output = ReadAsync(process.StandardOutput.BaseStream, limit.Token), errors = ReadAsync(process.StandardError.BaseStream, limit.Token);
            await (await Task.WhenAny(output, errors).ConfigureAwait(false)).ConfigureAwait(false);
            await Task.WhenAll(output, errors, process.WaitForExitAsync(limit.Token)).ConfigureAwait(false);
            return new FinishedProgram(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ProgramFailedException($"took longer than {TimeLimit.TotalSeconds:0.###} s") { IsTooLong = true };
        }
        finally
        {
            End(process);
        }
    }

    private ProcessStartInfo Start()
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Except(Inherited).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in Environment)
            start.Environment[name] = value;
        return start;
    }

    private async Task<string> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        byte[] block = new byte[4096];
        for (int read; (read = await stream.ReadAsync(block, cancellation).ConfigureAwait(false)) > 0;)
        {
            all.Write(block, 0, read);
            if (all.Length <= OutputLimit)
                continue;
            if (!KeepsTail)
                throw new ProgramFailedException($"printed more than {OutputLimit} bytes");
            byte[] tail = all.GetBuffer()[(int)(all.Length - OutputLimit)..(int)all.Length];
            all.SetLength(0);
            all.Write(tail);
        }
        return Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It has ended, as it should.
        }
    }
}

/// <summary>What a program said.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it complained of.</param>
internal sealed record FinishedProgram(int ExitCode, string Output, string Errors)
{
    private const int MostWords = 200;

    /// <summary>The first line of what it complained of, as the end of a sentence; empty where it did not.</summary>
    public string Complaint
    {
        get
        {
            string line = new([.. Errors.Trim().Split('\n')[0].Take(MostWords).Where(c => !char.IsControl(c))]);
            return line.Length == 0 ? "" : $": {line}";
        }
    }
}

/// <summary>A program came to no end of its own; the message says why, after its name.</summary>
internal sealed class ProgramFailedException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether it took too long.</summary>
    public bool IsTooLong { get; init; }
}
