using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Store.Remotes;

/// <summary>
/// Runs the real `git` as a process of its own: what hangs can be ended, what crashes takes nobody along, and every way to reach a remote works as it does for
/// people. It sees no configuration but what is given here, of all variables only those it needs, asks nobody anything and runs no hooks.
/// </summary>
internal static class GitProcess
{
    private const int LinesKept = 3;
    private const int CharactersShown = 400;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a killed process may take to be gone.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    /// <summary>What Git adds to every fault of ssh: it would take the place of what ssh said.</summary>
    private static readonly string[] Advice = ["Please make sure you have the correct access rights", "and the repository exists."];

    /// <summary>Where programs are, where keys are, and how to leave the network.</summary>
    private static readonly string[] Passed =
        ["PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SystemRoot", "USERPROFILE", "PATHEXT", "TEMP"];

    /// <summary>What a run came to.</summary>
    /// <param name="ExitCode">The exit code; -1 where it was ended.</param>
    /// <param name="Said">The last lines of its standard error, as one line, without what may be secret.</param>
    public sealed record Result(int ExitCode, string Said)
    {
        public bool IsGood => ExitCode == 0;
    }

    /// <param name="arguments">The arguments, each passed as it is.</param>
    /// <param name="settings">Settings of Git; they travel in the environment, which other users cannot see.</param>
    /// <param name="sshCommand">How ssh is called.</param>
    /// <param name="longest">The time it may take.</param>
    /// <param name="whyEnd">Asked now and then while it runs: why it should be ended, or null.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="PolicyStoreException">There is no git.</exception>
    /// <exception cref="OperationCanceledException">It was ended by <paramref name="cancellation"/>.</exception>
    public static Result Run(
        IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> settings, string sshCommand, TimeSpan longest, Func<string?> whyEnd, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var said = new Queue<string>();
        using Process process = Start(arguments, settings, sshCommand);
        process.ErrorDataReceived += (_, line) => Keep(said, line.Data);
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        process.StandardInput.Close();
        TimeProvider clock = TimeProvider.System;
        long began = clock.GetTimestamp();
        while (!process.WaitForExit(Look))
        {
            string? why = clock.GetElapsedTime(began) > longest ? $"it took longer than {longest.TotalSeconds:0} s" : whyEnd();
            if (why is null && !cancellation.IsCancellationRequested)
                continue;
            process.Kill(entireProcessTree: true);
            process.WaitForExit(Farewell);
            cancellation.ThrowIfCancellationRequested();
            return new Result(-1, why!);
        }
        // Its last lines may still be on their way.
        process.WaitForExit();
        return new Result(process.ExitCode, Told(said));
    }

    private static Process Start(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> settings, string sshCommand)
    {
        var start = new ProcessStartInfo("git", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (string name in Passed)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
                start.Environment[name] = value;
        }
        start.Environment["LC_ALL"] = "C";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = OperatingSystem.IsWindows() ? "NUL" : "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_ASKPASS"] = start.Environment["SSH_ASKPASS"] = "false";
        start.Environment["GIT_SSH_COMMAND"] = sshCommand;
        start.Environment["GIT_SSH_VARIANT"] = "ssh";
        int count = 0;
        foreach ((string key, string value) in settings)
        {
            start.Environment[$"GIT_CONFIG_KEY_{count}"] = key;
            start.Environment[$"GIT_CONFIG_VALUE_{count++}"] = value;
        }
        start.Environment["GIT_CONFIG_COUNT"] = count.ToString(CultureInfo.InvariantCulture);
        try
        {
            return Process.Start(start) ?? throw new PolicyStoreException("git did not start");
        }
        catch (Win32Exception fault)
        {
            throw new PolicyStoreException($"a remote needs the program git in PATH, and it does not start ({fault.Message}); on Debian: apt-get install git", fault);
        }
    }

    private static void Keep(Queue<string> lines, string? line)
    {
        if (string.IsNullOrWhiteSpace(line) || Advice.Contains(line.Trim()))
            return;
        lock (lines)
        {
            lines.Enqueue(line.Trim());
            if (lines.Count > LinesKept)
                lines.Dequeue();
        }
    }

    /// <summary>A host may say anything: it gets one line.</summary>
    private static string Told(Queue<string> lines)
    {
        string text;
        lock (lines)
            text = string.Join("; ", lines);
        text = RemoteUrl.Scrubbed(PlainLine.Of(text));
        return text.Length > CharactersShown ? $"{text[..CharactersShown]}…" : text;
    }
}
