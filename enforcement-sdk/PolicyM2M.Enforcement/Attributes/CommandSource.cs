using PolicyM2M.Enforcement.Programs;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Attributes;

/// <summary>A program that prints a JSON object, as a file would hold it. It gets nothing of this process's environment but what a program needs to find others.</summary>
/// <param name="program">Its path.</param>
/// <param name="arguments">Its arguments, each passed as it is.</param>
public sealed class CommandSource(string program, params string[] arguments) : IAttributeSource
{
    private const int LargestOutput = 256 << 10;

    /// <summary>How long it may take.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public string Name => program;

    /// <inheritdoc/>
    public async ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
    {
        try
        {
            FinishedProgram finished = await new ProgramRun(program, arguments) { TimeLimit = TimeLimit, OutputLimit = LargestOutput }.RunAsync(cancellation).ConfigureAwait(false);
            if (finished.ExitCode != 0)
                throw new AttributeSourceException($"it ended with the exit code {finished.ExitCode}{finished.Complaint}");
            return DeviceContext.TryParseJson(finished.Output, out DeviceContext? context, out string? error) ? context : throw new AttributeSourceException($"what it printed is {error}");
        }
        catch (ProgramFailedException failure)
        {
            throw new AttributeSourceException($"it {failure.Message}", failure);
        }
    }
}
