using System.CommandLine;
using System.Globalization;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private const int HighestRisk = 100;
    private const string Unknown = "unknown", Csv = "csv", JsonFormat = "json";

    private static readonly string DeviceExitCodes = """
        Exit codes:
          0  done
          1  could not run: nobody answers, or the decision point says no and why
          4  not as expected: the file of an import has faults
        """;

    private static Command Devices(Streams streams)
    {
        var devices = new Command("devices", "Shows and changes what the decision point itself knows of devices.")
        {
            DeviceList(streams), DeviceGet(streams), DeviceImport(streams), DeviceState(streams), DeviceRisk(streams),
            WithReason("revoke", "Takes a device's identity back: it may ask nothing any more, and nobody may ask for it.", streams, (devices, id, reason) => devices.Revoke(id, reason), "stolen, ticket 4711"),
            WithReason("reinstate", "Brings a revoked or retired device back, which begins anew with onboarding.", streams, (devices, id, reason) => devices.Reinstate(id, reason), "found again, ticket 4711"),
        };
        return HelpWithExamples.On(devices, """
            Examples:
              m2m pdp devices import fleet.csv --dry-run
              m2m pdp devices set-state plc-0042 quarantined --reason "port scan at 03:12"
              m2m pdp devices get plc-0042
            """ + "\n\n" + DeviceExitCodes);
    }

    private static Command DeviceList(Streams streams)
    {
        Option<string?> site = new("--site") { HelpName = "SITE", Description = "Of this site only." };
        Option<string?> state = new("--state") { HelpName = "STATE", Description = $"In this state only: {DeviceText.States}." };
        state.AcceptOnlyFromAmong([.. DeviceText.AllStates]);
        return DeviceVerb("list", "Lists devices, by their ids.", streams, [site, state], (devices, parsed) => devices.List(parsed.GetValue(site) ?? "", DeviceText.State(parsed.GetValue(state))),
            "m2m pdp devices list --site plant-7 --state quarantined", "m2m pdp devices list --json | jq '.devices[].id'");
    }

    private static Command DeviceGet(Streams streams)
    {
        Argument<string> id = DeviceId();
        Command command = DeviceVerb("get", "Shows a device, and who changed it last.", streams, [], (devices, parsed) => devices.Get(parsed.GetRequiredValue(id)), "m2m pdp devices get plc-0042");
        command.Arguments.Add(id);
        return command;
    }

    private static Command DeviceImport(Streams streams)
    {
        Argument<string> file = new("FILE") { Description = "The file, CSV or JSON in UTF-8; - is standard input." };
        Option<string?> format = new("--format") { HelpName = $"{Csv}|{JsonFormat}", Description = "How it is written. [default: by the end of its name]" };
        format.AcceptOnlyFromAmong(Csv, JsonFormat);
        Option<bool> dryRun = new("--dry-run") { Description = "Write nothing, and say what would come of it." };
        Option<bool> keepGood = new("--keep-good") { Description = "Write the devices without a fault although others have one." };
        Command command = DeviceVerb("import", "Makes the devices of a file, or changes them. One fault keeps everything from being written.", streams, [format, dryRun, keepGood], (devices, parsed) =>
        {
            string path = parsed.GetRequiredValue(file);
            ImportFormat read = (parsed.GetValue(format) ?? System.IO.Path.GetExtension(path).TrimStart('.').ToLowerInvariant()) switch
            {
                Csv => ImportFormat.Csv,
                JsonFormat or "jsonl" => ImportFormat.Json,
                _ => throw new CannotRunException($"`{path}` does not say by its name how it is written; give --format {Csv} or --format {JsonFormat}"),
            };
            return devices.Import(path, new ImportOptions { Format = read, DryRun = parsed.GetValue(dryRun), KeepGood = parsed.GetValue(keepGood) });
        }, "m2m pdp devices import fleet.csv --dry-run", "inventory | m2m pdp devices import - --format json");
        command.Arguments.Add(file);
        return command;
    }

    private static Command DeviceState(Streams streams)
    {
        Argument<string> id = DeviceId(), state = new("STATE") { Description = $"{DeviceText.States}." };
        state.AcceptOnlyFromAmong([.. DeviceText.AllStates]);
        Option<string?> reason = new("--reason") { HelpName = "TEXT", Description = "Why, for the history." };
        Command command = DeviceVerb("set-state", "Puts a device into another state.", streams, [reason],
            (devices, parsed) => devices.SetState(parsed.GetRequiredValue(id), DeviceText.State(parsed.GetRequiredValue(state)), parsed.GetValue(reason) ?? ""),
            "m2m pdp devices set-state plc-0042 quarantined --reason \"port scan at 03:12\"");
        command.Arguments.Add(id);
        command.Arguments.Add(state);
        return command;
    }

    private static Command DeviceRisk(Streams streams)
    {
        Argument<string> id = DeviceId(), risk = new("RISK") { Description = $"A number from 0 to {HighestRisk}, or {Unknown} where nobody knows it any more." };
        risk.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value != Unknown && ReadRisk(result.Tokens[0].Value) is null)
                result.AddError($"`{result.Tokens[0].Value}` is no risk: expected a number from 0 to {HighestRisk}, or {Unknown}");
        });
        Option<string?> reason = new("--reason") { HelpName = "TEXT", Description = "Why, for the history." };
        Command command = DeviceVerb("set-risk", "Says what risk monitoring sees in a device.", streams, [reason],
            (devices, parsed) => devices.SetRisk(parsed.GetRequiredValue(id), ReadRisk(parsed.GetRequiredValue(risk)), parsed.GetValue(reason) ?? ""),
            "m2m pdp devices set-risk plc-0042 80 --reason \"seen in the dark\"", "m2m pdp devices set-risk plc-0042 unknown");
        command.Arguments.Add(id);
        command.Arguments.Add(risk);
        return command;
    }

    private static Command WithReason(string name, string description, Streams streams, Func<DeviceCommand, string, string, int> run, string example)
    {
        Argument<string> id = DeviceId();
        Option<string> reason = Reason();
        Command command = DeviceVerb(name, description, streams, [reason], (devices, parsed) => run(devices, parsed.GetRequiredValue(id), parsed.GetRequiredValue(reason)),
            $"m2m pdp devices {name} plc-0042 --reason \"{example}\"");
        command.Arguments.Add(id);
        return command;
    }

    private static Command DeviceVerb(string name, string description, Streams streams, Option[] options, Func<DeviceCommand, ParseResult, int> run, params string[] examples) =>
        AskingVerb(name, description, options, (pdp, json, parsed) => run(new DeviceCommand(pdp, json, streams), parsed), DeviceExitCodes, examples);

    private static Argument<string> DeviceId() => new("ID") { Description = "The device's id." };

    private static int? ReadRisk(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int risk) && risk <= HighestRisk ? risk : null;
}
