using System.Collections.Immutable;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads a program and its arguments.</summary>
internal static class ProgramReading
{
    /// <summary>The program, by its whole path, and its arguments; empty where a fault was told.</summary>
    public static ImmutableArray<string> Read(JsonReading json, string name)
    {
        ImmutableArray<string> command = json.Texts(name);
        if (command.IsEmpty)
            json.Fault(name, "name a program and its arguments");
        else if (!Path.IsPathFullyQualified(command[0]))
            json.Fault(name, $"expected the absolute path of a program, not `{command[0]}`");
        return command;
    }
}
