using System.Diagnostics;
using System.Globalization;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>A server in a process of its own, and what that has used.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const double TicksPerSecond = 100;

    private readonly Process _process;
    private bool _isDisposed;

    /// <summary>What it prints after that is read, so that it never waits for a reader.</summary>
    private readonly Task _output;

    private ServerProcess(Process process, Uri address)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        Address = address;
    }

    public Uri Address { get; }

    public int Id => _process.Id;

    /// <summary>Processor time that it has used, in microseconds, by all threads, in user and kernel mode (proc(5), stat: utime and stime).</summary>
    public double ProcessorMicroseconds
    {
        get
        {
            string stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond * 1e6;
        }
    }

    /// <summary>Memory that it has resident, in bytes.</summary>
    public long ResidentBytes => 1024 * long.Parse(File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    /// <summary>Starts a program of .NET that prints an address at which it listens.</summary>
    public static ServerProcess Start(string assembly, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Trim().Split(' ').FirstOrDefault(word => word.StartsWith("https://127.0.0.1:", StringComparison.Ordinal)) is not { } address)
                continue;
            return new ServerProcess(process, new Uri(address));
        }
        throw new InvalidOperationException($"{Path.GetFileName(assembly)} ended without listening, with {process.ExitCode}");
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _output.GetAwaiter().GetResult();
        _process.Dispose();
    }
}
