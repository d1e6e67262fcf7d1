using System.Collections.Immutable;
using System.CommandLine;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>The commands, their options and their examples.</summary>
internal static partial class CommandLine
{
    private static readonly string ExitCodes = """
        Exit codes:
          0  done; every kind asked for is allowed
          1  could not run: bad arguments, or files that cannot be read
          2  denied: at least one kind asked for
          3  the policy set has errors
          4  not as expected: a test failed, or with fmt --check a policy is not formatted
        """;

    public static RootCommand Build(Streams streams)
    {
        var root = new RootCommand("m2m checks PolicyM2M policies and says what they decide.")
        {
            Check(streams), Decide(streams), Explain(streams), Tree(streams), Test(streams), Fmt(streams), Schema(streams), Compile(streams), Bench(streams), Emit(streams), Pdp(streams), Audit(streams),
        };
        HelpWithExamples.On(root, """
            Examples:
              m2m check policies
              m2m decide policies --context plc.json --explain
              m2m test policies
              m2m fmt policies --check
              m2m compile policies -o policies.m2mb

            """ + "\n" + ExitCodes);
        return root;
    }

    private static Command Check(Streams streams)
    {
        Argument<string> folder = Folder();
        Option<bool> json = new("--json") { Description = "Write the diagnostics as JSON." };
        var check = new Command("check", "Reports every fault of a policy set and of its tests, which it does not run. Warnings do not make it fail. "
            + "A file may have 8 MiB, and is UTF-8 text and no symbolic link.") { folder, json };
        check.SetAction(parsed => CheckCommand.Run(parsed.GetRequiredValue(folder), parsed.GetValue(json), streams));
        return HelpWithExamples.On(check, """
            Examples:
              m2m check policies
              m2m check policies --json | jq '.diagnostics[].message'
            """);
    }

    private static Command Decide(Streams streams)
    {
        Argument<string> folder = FolderOrBundle();
        Option<string?> context = new("--context") { HelpName = "FILE", Description = "A file with one context, a JSON object; - is standard input." };
        Option<string?> contexts = new("--contexts")
        {
            HelpName = "FILE",
            Description = "A file with a context on each line; each gets one line of JSON, which names it; empty lines none. - is standard input.",
        };
        Option<string[]> kind = Kind("What to decide; all three unless given. May be given more than once.");
        Option<bool> explain = new("--explain") { Description = "Say which rule determined each field." };
        Option<bool> json = new("--json") { Description = "Write JSON: an array with an object for each kind." };
        Option<DateTimeOffset?> now = Now();
        var decide = new Command("decide", "Says what a policy set decides for a device.") { folder, context, contexts, kind, now, explain, json };
        decide.Validators.Add(parsed =>
        {
            if (parsed.GetResult(context) is null == parsed.GetResult(contexts) is null)
                parsed.AddError("give either --context or --contexts");
        });
        decide.SetAction(parsed =>
        {
            ImmutableArray<DecisionKind> kinds = Kinds(parsed.GetValue(kind) ?? []);
            string set = parsed.GetRequiredValue(folder);
            return parsed.GetValue(contexts) is { } lines
                ? DecideCommand.RunMany(set, lines, kinds, Moment(parsed.GetValue(now)), parsed.GetValue(explain), streams)
                : DecideCommand.RunOne(set, parsed.GetRequiredValue(context)!, kinds, Moment(parsed.GetValue(now)), parsed.GetValue(explain), parsed.GetValue(json), streams);
        });
        return HelpWithExamples.On(decide, """
            Examples:
              m2m decide policies --context plc.json
              m2m decide policies --context plc.json --kind auth --explain
              echo '{"device":{"type":"plc"}}' | m2m decide policies --context - --json
              m2m decide policies --contexts fleet.jsonl > answers.jsonl

            A context is a JSON object; {"device.type":"plc"} and {"device":{"type":"plc"}} are the same.
            """ + "\n\n" + ExitCodes);
    }

    /// <summary>The moment to decide for: that of the call unless given.</summary>
    private static Option<DateTimeOffset?> Now() => new("--now")
    {
        HelpName = "INSTANT",
        Description = "Decide as of this moment, such as 2027-01-31T06:00Z; of the call unless given.",
        CustomParser = result =>
        {
            if (InstantText.TryParse(result.Tokens[0].Value, out long seconds))
                return DateTimeOffset.FromUnixTimeSeconds(seconds);
            result.AddError($"`{result.Tokens[0].Value}` is no instant: expected 2027-01-31 or 2027-01-31T06:00Z");
            return null;
        },
    };

    private static DateTimeOffset Moment(DateTimeOffset? given) => given ?? TimeProvider.System.GetUtcNow();

    private static Argument<string> Folder() => new("DIR") { Description = "The folder of the policy set, which holds policyset.yaml." };

    private static Argument<string> FolderOrBundle() => new("DIR|FILE") { Description = "The folder of the policy set, or a bundle that `m2m compile` wrote." };

    private static Option<string[]> Kind(string description) =>
        new Option<string[]>("--kind") { HelpName = "KIND", Description = description }.Takes([.. DecisionKinds.All.Select(known => known.Name())]);

    private static ImmutableArray<DecisionKind> Kinds(string[] names) =>
        names.Length == 0 ? [.. DecisionKinds.All] : [.. DecisionKinds.All.Where(kind => names.Contains(kind.Name()))];
}
