using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Attributes;

/// <summary>A program that prints a JSON object, as a file would hold it. It gets nothing of this process's environment but what a program needs to find others.</summary>
/// <param name="program">Its path.</param>
/// <param name="arguments">Its arguments, each passed as it is.</param>
public sealed class CommandSource(string program, params string[] arguments) : IAttributeSource
{
    private const int LargestOutput = 256 << 10;

    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

    /// <summary>How long it may take.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Name => program;

    /// <inheritdoc/>
    public async ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string name in start.Environment.Keys.Except(Inherited).ToArray())
            start.Environment.Remove(name);
        using var process = new Process { StartInfo = start };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeLimit);
        try
        {
            process.Start();
            process.StandardInput.Close();
            string output = await OutputAsync(process.StandardOutput.BaseStream, limit.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            if (process.ExitCode != 0)
                throw new AttributeSourceException($"it ended with the exit code {process.ExitCode}");
            return DeviceContext.TryParseJson(output, out DeviceContext? context, out string? error) ? context : throw new AttributeSourceException($"what it printed is {error}");
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            throw new AttributeSourceException($"it cannot be run: {failure.Message}", failure);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new AttributeSourceException($"it took longer than {TimeLimit.TotalSeconds:0.###} s");
        }
        finally
        {
            End(process);
        }
    }

    private static async Task<string> OutputAsync(Stream stream, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        byte[] block = new byte[4096];
        for (int read; (read = await stream.ReadAsync(block, cancellation).ConfigureAwait(false)) > 0;)
        {
            all.Write(block, 0, read);
            if (all.Length > LargestOutput)
                throw new AttributeSourceException($"it printed more than {LargestOutput} bytes");
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
            // It has ended, as it should, or never began.
        }
    }
}
