using PolicyM2M.Compiler;

namespace PolicyM2M.Cli;

/// <summary><c>m2m schema</c>: the JSON Schema of a policy set's contexts, so that an editor helps to write them.</summary>
internal static class SchemaCommand
{
    public static int Run(string policies, bool json, Streams streams)
    {
        if (LoadedPolicies.Load(policies, json, streams) is not { } loaded)
            return ExitCode.InvalidPolicy;
        streams.Answers.Write(ContextSchema.Of(loaded.Decider.Bundle) + "\n");
        return ExitCode.Ok;
    }
}
