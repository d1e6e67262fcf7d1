namespace PolicyM2M.Enforcement.Rotation.Commands;

/// <summary>A program that renews credentials.</summary>
public sealed record CommandOptions
{
    /// <summary>The program's full path. It is started as it is, without a shell.</summary>
    public required string Program { get; init; }

    /// <summary>Its arguments, each passed as it is.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>How long it may take; then it is killed, with all that it started.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many bytes it may say on either of its streams; one that says more is killed.</summary>
    public int OutputLimit { get; init; } = 256 * 1024;
}
