using System.CommandLine;
using System.CommandLine.Parsing;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Pdp.Startup;

/// <summary>The part of the command line that says what is recorded, and how.</summary>
internal static class AuditCommandLine
{
    private const string Durable = "durable", Buffered = "buffered", Off = "off", Stop = "stop", Shed = "shed";

    private static readonly Option<string> Mode = OneOf("--audit", "When an answer may go: once its record is on disk, once it is in line, or without any.", Buffered, Durable, Buffered, Off);

    private static readonly Option<string> Full = OneOf("--audit-full", "While the audit log cannot be written: answer nobody, or count what is missing.", Stop, Stop, Shed);

    private static readonly Option<string?> Pseudonyms = new("--audit-pseudonyms")
    {
        Description = "File with a secret of at least 16 bytes: the audit log then names devices by a keyed hash.",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> Values = new("--audit-values")
    {
        Description = "Attribute whose value is recorded too; may be repeated. Of the others only where the value came from.",
        HelpName = "ATTRIBUTE",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<TimeSpan?> Keep = new("--audit-keep")
    {
        Description = "How long records are kept, such as 365d; their hashes stay. [default: for ever]",
        HelpName = "DURATION",
        CustomParser = ReadKeep,
    };

    private static readonly Option<Uri?> Export = new("--audit-export")
    {
        Description = "Collector that each audit record is sent to as a log record, by OTLP over gRPC.",
        HelpName = "URL",
        CustomParser = SightCommandLine.ReadUrl,
    };

    public static void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Mode, Full, Pseudonyms, Values, Keep, Export })
            command.Options.Add(option);
    }

    public static AuditOptions Read(ParseResult parsed) => new()
    {
        Durability = parsed.GetValue(Mode) switch { Durable => AuditDurability.Durable, Off => null, _ => AuditDurability.Buffered },
        WhenUnwritable = parsed.GetValue(Full) == Shed ? UnwritableLog.Sheds : UnwritableLog.Stops,
        Pseudonyms = parsed.GetValue(Pseudonyms),
        Values = parsed.GetValue(Values) is { Length: > 0 } values ? values : [],
        Keep = parsed.GetValue(Keep),
        Export = parsed.GetValue(Export),
    };

    private static Option<string> OneOf(string name, string description, string otherwise, params string[] values) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', values),
        CustomParser = argument =>
        {
            string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
            if (!values.Contains(text))
                argument.AddError($"{name}: `{text}` is not {string.Join(", ", values[..^1])} or {values[^1]}");
            return text;
        },
        DefaultValueFactory = _ => otherwise,
    };

    private static TimeSpan? ReadKeep(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (DurationText.TryParse(text, out long seconds) && seconds >= TimeSpan.SecondsPerDay)
            return TimeSpan.FromSeconds(seconds);
        argument.AddError($"--audit-keep: `{text}` is not a duration of at least a day, such as 365d");
        return null;
    }
}
