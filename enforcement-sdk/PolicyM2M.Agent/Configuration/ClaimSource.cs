using System.Collections.Immutable;
using PolicyM2M.Enforcement.Attributes;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Where the gateway learns something of itself.</summary>
internal abstract record ClaimSource
{
    /// <summary>What the operating system says.</summary>
    public sealed record Os : ClaimSource;

    /// <summary>A file that holds an object.</summary>
    public sealed record JsonFile(string File) : ClaimSource;

    /// <summary>A program that prints one.</summary>
    public sealed record Command(string Program, ImmutableArray<string> Arguments, TimeSpan Limit) : ClaimSource;

    /// <summary>The file or program by which it speaks; null where it is none.</summary>
    public string? Path => this switch { JsonFile file => file.File, Command command => command.Program, _ => null };

    /// <summary>The reader of it.</summary>
    public IAttributeSource Open() => this switch
    {
        JsonFile file => new JsonFileSource(file.File),
        Command command => new CommandSource(command.Program, [.. command.Arguments]) { TimeLimit = command.Limit },
        _ => new OsFactsSource(),
    };
}
