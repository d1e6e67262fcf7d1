using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>This program as <see cref="CompilerProcess"/> starts it: compiles one commit, writes it to standard output, and ends.</summary>
internal static partial class CompilerEntry
{
    /// <summary>The first argument. It is no option: nobody types it.</summary>
    public const string Verb = "compile-revision";

    /// <summary>The exit code where the commit cannot be read; standard error says why.</summary>
    public const int CannotRead = ExitCode.CouldNotRun;

    /// <summary>Where the kernel is told whom to end first where memory runs out (proc(5), oom_score_adj).</summary>
    private const string EndFirst = "/proc/self/oom_score_adj";

    /// <summary>The threads of this process, by their ids (proc(5)).</summary>
    private const string Threads = "/proc/self/task";

    /// <summary>What <see cref="ProcessPriorityClass.BelowNormal"/> is to Linux: a nice value.</summary>
    private const int BelowNormal = 10;

    /// <summary>This program, as a command line: an executable of its own, or the runtime and an assembly.</summary>
    public static string[] Program
    {
        get
        {
            string assembly = typeof(CompilerEntry).Assembly.Location;
            string name = Path.GetFileNameWithoutExtension(assembly);
            if (Environment.ProcessPath is { } executable && Path.GetFileNameWithoutExtension(executable) == name)
                return [executable];
            // The runtime lies at shared/Microsoft.NETCore.App/VERSION below the program that starts it.
            string runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
            return [runtime, assembly];
        }
    }

    public static bool IsAskedFor(string[] arguments) => arguments is [Verb, _, _, _];

    public static int Run(string[] arguments, Stream output, TextWriter error)
    {
        StandBack();
        try
        {
            CompiledRevision revision = RevisionCompiler.Compile(GitPolicyRepository.Open(arguments[1]), arguments[2], arguments[3]);
            output.Write(CompiledFile.Write(revision, arguments[3]));
            return ExitCode.Ok;
        }
        catch (PolicyStoreException fault)
        {
            error.WriteLine(fault.Message);
            return CannotRead;
        }
    }

    /// <summary>Who answers comes first: at the processor, and where memory runs out.</summary>
    private static void StandBack()
    {
        try
        {
            using var process = Process.GetCurrentProcess();
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
            if (OperatingSystem.IsLinux())
                StandBackWithAllThreads();
            if (File.Exists(EndFirst))
                File.WriteAllText(EndFirst, "1000");
        }
        catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            // Where it may not, it compiles all the same.
        }
    }

    /// <summary>
    /// On Linux each thread has a priority of its own, which it takes over from the one that starts it: those that the runtime started before, to compile code and for the rest of its work, would stay, and hand it on.
    /// </summary>
    private static void StandBackWithAllThreads()
    {
        HashSet<string> done = [];
        // One that is not done yet may start another meanwhile.
        for (string[] threads = Found(); threads.Length > 0; threads = Found())
        {
            foreach (string thread in threads)
            {
                // A thread that has ended needs none.
                _ = SetPriority(which: 0, uint.Parse(thread, CultureInfo.InvariantCulture), BelowNormal);
                done.Add(thread);
            }
        }

        string[] Found() => [.. Directory.EnumerateDirectories(Threads).Select(thread => Path.GetFileName(thread)).Where(thread => !done.Contains(thread))];
    }

    /// <summary>setpriority(2), of which .NET offers only what is for a whole process.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
