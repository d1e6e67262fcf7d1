using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace PolicyM2M.Enforcement.Programs;

/// <summary>
/// Runs a program of the operator's and hears what it says, within bounds of time and words. Of this process's environment it gets what a program needs to find others: everything else is none of its
/// business, and may be secret. It is given nothing to read.
/// </summary>
/// <param name="program">Its path.</param>
/// <param name="arguments">Its arguments, each passed as it is.</param>
internal sealed class ProgramRun(string program, IEnumerable<string> arguments)
{
    // Linux, errno(3).
    private const int NoSuchFile = 2, NoProgram = 8, Forbidden = 13;

    /// <summary>The last two are how systemctl finds the service manager of a user.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];

    /// <summary>How long its last words are waited for once it has ended.</summary>
    private static readonly TimeSpan AfterExit = TimeSpan.FromSeconds(1);

    /// <summary>How long it may take.</summary>
    public required TimeSpan TimeLimit { get; init; }

    /// <summary>How many bytes it may say on either stream.</summary>
    public required int OutputLimit { get; init; }

    /// <summary>Whether of more than that the last is kept, and is no failure.</summary>
    public bool KeepsTail { get; init; }

    /// <summary>More of its environment.</summary>
    public ImmutableDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Runs it to its end. What it began and is still its child, where it is ended, ends with it; what it leaves behind when it ends by itself goes on.</summary>
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
            throw new ProgramFailedException($"cannot be started: {(failure is Win32Exception native ? Why(native) : failure.Message)}", failure);
        }
        using var output = new ProgramWords(process.StandardOutput.BaseStream, OutputLimit, KeepsTail);
        using var errors = new ProgramWords(process.StandardError.BaseStream, OutputLimit, KeepsTail);
        try
        {
            // Both are read to the end: a program that is not read from waits for ever.
            Task words = Task.WhenAll(output.ReadAsync(limit.Token), errors.ReadAsync(limit.Token)), exit = process.WaitForExitAsync(limit.Token);
            await (await Task.WhenAny(output.TooMuch, errors.TooMuch, exit).ConfigureAwait(false)).ConfigureAwait(false);
            // What it began and left behind may hold its output open for ever.
            await words.WaitAsync(AfterExit, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await exit.ConfigureAwait(false);
            foreach (Task tooMuch in new[] { output.TooMuch, errors.TooMuch }.Where(task => task.IsFaulted))
                await tooMuch.ConfigureAwait(false);
            return new FinishedProgram(process.ExitCode, output.Text, errors.Text);
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

    /// <summary>What the system said, without what the platform puts around it.</summary>
    private static string Why(Win32Exception failure) => failure.NativeErrorCode switch
    {
        NoSuchFile => "it is not there, or what its first line (#!) names is not",
        Forbidden => "this user may not run it",
        NoProgram => "this machine cannot run it; a script names in its first line what reads it (#!/bin/sh)",
        var other => Marshal.GetPInvokeErrorMessage(other),
    };

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
