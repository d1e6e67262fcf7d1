using System.ComponentModel;
using System.Diagnostics;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>
/// Compiles in a process of its own, for a server that answers meanwhile: what the compiler takes of the processor comes after answers, its garbage never makes an answer wait, its memory is gone when it
/// is done, and a set that
/// breaks it takes nobody along. It is this program, started by <see cref="CompilerEntry"/>; it sees no secrets of the server's environment.
/// </summary>
internal static class CompilerProcess
{
    private const int CharactersShown = 2_000;

    /// <summary>The compiler's own budget is seconds of work; on a machine that has no processor left for it those take longer.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Where programs, the user's trust in repositories and temporary files are.</summary>
    private static readonly string[] Passed = ["PATH", "HOME", "TMPDIR", "TEMP", "SystemRoot", "USERPROFILE"];

    /// <summary>How the runtime is set up, and where it is: it works alone, and briefly.</summary>
    private const string RuntimePrefix = "DOTNET_";

    private static readonly (string Name, string Value)[] Runtime = [("DOTNET_gcServer", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_TieredPGO", "0"), ("DOTNET_EnableDiagnostics", "0")];

    /// <summary>Compiles a commit.</summary>
    /// <param name="repository">Where it is.</param>
    /// <param name="commit">Its id.</param>
    /// <param name="folder">Where its policies are.</param>
    /// <param name="longest">How long the process may take.</param>
    /// <param name="cancellation">Ends the process.</param>
    /// <returns>The commit, and the same as bytes: see <see cref="CompiledFile"/>.</returns>
    /// <exception cref="CompilerException">The commit cannot be read, or the process did not start, came to no end, or to a bad one.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static (CompiledRevision Revision, ReadOnlyMemory<byte> File) Compile(GitPolicyRepository repository, string commit, string folder, TimeSpan longest, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using Process process = Start(Describe(repository.Location, commit, folder));
        process.StandardInput.Close();
        Task<string> said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var output = new MemoryStream();
        Task made = process.StandardOutput.BaseStream.CopyToAsync(output, CancellationToken.None);
        string? broken = Wait(process, longest, cancellation);
        Task.WaitAll([said, made], CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        string last = said.Result.Trim();
        last = last.Length > CharactersShown ? $"…{last[^CharactersShown..]}" : last;
        if (broken is null && process.ExitCode == CompilerEntry.CannotRead)
            throw new CompilerException(last) { MayHeal = true };
        if (broken is not null || process.ExitCode != 0)
            throw new CompilerException($"{broken ?? $"the compiler ended with {process.ExitCode}"}: {last}");
        ReadOnlyMemory<byte> file = output.GetBuffer().AsMemory(0, (int)output.Length);
        try
        {
            return (CompiledFile.Read(file, commit, folder), file);
        }
        catch (InvalidDataException fault)
        {
            throw new CompilerException($"the compiler wrote what cannot be read: {fault.Message}");
        }
    }

    /// <summary>Why there is no end of it.</summary>
    public static string TookTooLong(TimeSpan longest) => $"the compiler took longer than {longest.TotalMinutes:0.##} minutes";

    private static string? Wait(Process process, TimeSpan longest, CancellationToken cancellation)
    {
        TimeProvider clock = TimeProvider.System;
        long began = clock.GetTimestamp();
        while (!process.WaitForExit(Look))
        {
            bool isTooLong = clock.GetElapsedTime(began) > longest;
            if (!isTooLong && !cancellation.IsCancellationRequested)
                continue;
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return isTooLong ? TookTooLong(longest) : null;
        }
        return null;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new CompilerException("the compiler did not start") { MayHeal = true };
        }
        catch (Win32Exception fault)
        {
            throw new CompilerException($"the compiler does not start: {fault.Message}") { MayHeal = true };
        }
    }

    /// <summary>How the process is started.</summary>
    internal static ProcessStartInfo Describe(string repository, string commit, string folder)
    {
        string[] program = CompilerEntry.Program;
        var start = new ProcessStartInfo(program[0], [.. program[1..], CompilerEntry.Verb, repository, commit, folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => !Passed.Contains(name) && !name.StartsWith(RuntimePrefix, StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach ((string name, string value) in Runtime)
            start.Environment[name] = value;
        return start;
    }
}
