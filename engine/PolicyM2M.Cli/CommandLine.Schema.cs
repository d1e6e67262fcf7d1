using System.CommandLine;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Schema(Streams streams)
    {
        Argument<string> folder = FolderOrBundle();
        Option<bool> json = new("--json") { Description = "Write the faults of an invalid set as JSON too; the schema always is." };
        var schema = new Command("schema", "Writes the JSON Schema of a policy set's contexts, so that an editor helps to write them.") { folder, json };
        schema.SetAction(parsed => SchemaCommand.Run(parsed.GetRequiredValue(folder), parsed.GetValue(json), streams));
        return HelpWithExamples.On(schema, """
            Examples:
              m2m schema policies > context.schema.json
            """ + "\n\n" + ExitCodes);
    }
}
