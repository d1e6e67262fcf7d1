using System.CommandLine;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Schema(Streams streams)
    {
        Argument<string> folder = FolderOrBundle();
        var schema = new Command("schema", "Writes the JSON Schema of a policy set's contexts, so that an editor helps to write them.") { folder };
        schema.SetAction(parsed => SchemaCommand.Run(parsed.GetRequiredValue(folder), streams));
        return HelpWithExamples.On(schema, """
            Examples:
              m2m schema policies > context.schema.json
            """ + "\n\n" + ExitCodes);
    }
}
