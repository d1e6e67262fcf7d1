using System.Diagnostics;
using System.Runtime.InteropServices;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>This program as <see cref="CompilerProcess"/> starts it: compiles one commit, writes it to standard output, and ends.</summary>
internal static class CompilerEntry
{
    /// <summary>The first argument. It is no option: nobody types it.</summary>
    public const string Verb = "compile-revision";

    /// <summary>The exit code where the commit cannot be read; standard error says why.</summary>
    public const int CannotRead = ExitCode.CouldNotRun;

    /// <summary>Where the kernel is told whom to end first where memory runs out (proc(5), oom_score_adj).</summary>
    private const string EndFirst = "/proc/self/oom_score_adj";

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
            if (File.Exists(EndFirst))
                File.WriteAllText(EndFirst, "1000");
        }
        catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            // Where it may not, it compiles all the same.
        }
    }
}
