using System.CommandLine;
using System.Globalization;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static readonly string PdpExitCodes = """
        Exit codes:
          0  done
          1  could not run: nobody answers, or the decision point says no and why
          4  not as expected: status finds a commit refused, or differences --check finds one, or no candidate
        """;

    private static Command Pdp(Streams streams)
    {
        var pdp = new Command("pdp", "Asks a decision point what it serves, steers what it rolls out, and keeps its registry of devices.")
        {
            PdpVerb("status", "Says what is served, what is on trial, and what could not be served.", streams, [], (pdp, _) => pdp.Status(), "m2m pdp status"),
            PdpVerb("revisions", "Lists what is and was active.", streams, [], (pdp, _) => pdp.Revisions(), "m2m pdp revisions"),
            Differences(streams),
            Stage(streams),
            Promote(streams),
            RollBack(streams),
            Pin(streams),
            Unpin(streams),
            Accept(streams),
            Devices(streams),
        };
        return HelpWithExamples.On(pdp, """
            Examples:
              m2m pdp status --pdp 127.0.0.1:8443 --cert operator.pem --key operator-key.pem --ca ca.pem
              m2m pdp rollback --reason "sensors of plant 7 drop out"

            A decision point on this machine with development credentials in .policym2m needs none of the options.
            """ + "\n\n" + PdpExitCodes);
    }

    private static Command Differences(Streams streams)
    {
        Option<bool> check = new("--check") { Description = "Exit with 4 where anything differs, or where there is no candidate to compare." };
        return PdpVerb("differences", "Says what the candidate decides otherwise than the active revision.", streams, [check], (pdp, parsed) => pdp.Differences(parsed.GetValue(check)),
            "m2m pdp differences", "m2m pdp differences --json | jq '.samples[] | select(.direction | test(\"LOOSER|BOTH\"))'");
    }

    private static Command Promote(Streams streams)
    {
        Option<string?> reason = OptionalReason();
        return WithCommit("promote", "Makes the candidate active, or what waits because it was rolled back.", "The commit; the candidate unless given.", streams,
            (pdp, commit, parsed) => pdp.Promote(commit, parsed.GetValue(reason) ?? ""), [reason], "m2m pdp promote");
    }

    private static Command RollBack(Streams streams)
    {
        Option<string> reason = Reason();
        return WithCommit("rollback", "Drops the candidate; where there is none, goes back to an earlier revision. Either way pins it.", "The commit to go back to; the previous one unless given.",
            streams, (pdp, commit, parsed) => pdp.RollBack(commit, parsed.GetRequiredValue(reason)), [reason], "m2m pdp rollback --reason \"sensors of plant 7 drop out\"");
    }

    private static Command Pin(Streams streams)
    {
        Option<string> reason = Reason();
        return PdpVerb("pin", "Lets nothing in until `unpin`.", streams, [reason], (pdp, parsed) => pdp.Pin(parsed.GetRequiredValue(reason)), "m2m pdp pin --reason \"no changes over the holidays\"");
    }

    private static Command Unpin(Streams streams)
    {
        Option<string?> reason = OptionalReason();
        return PdpVerb("unpin", "Lets commits in again, the newest at once unless it was rolled back.", streams, [reason], (pdp, parsed) => pdp.Unpin(parsed.GetValue(reason) ?? ""), "m2m pdp unpin");
    }

    private static Command Stage(Streams streams)
    {
        Argument<string> stage = new("STAGE") { Description = "shadow, or canary:PERCENT from 1 to 100." };
        stage.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && ReadStage(result.Tokens[0].Value) is null)
                result.AddError($"`{result.Tokens[0].Value}` is no stage: expected shadow, or canary:PERCENT such as canary:10");
        });
        Option<string?> reason = OptionalReason();
        Command command = PdpVerb("stage", "Tries the candidate in the shadow, or on a share of the devices.", streams, [reason], (pdp, parsed) =>
        {
            (RolloutStage read, int percent) = ReadStage(parsed.GetRequiredValue(stage))!.Value;
            return pdp.Stage(read, percent, parsed.GetValue(reason) ?? "");
        }, "m2m pdp stage canary:25", "m2m pdp stage shadow");
        command.Arguments.Add(stage);
        return command;
    }

    private static Command Accept(Streams streams)
    {
        Argument<string> commit = new("COMMIT") { Description = "The commit that was refused, or at least its first 7 digits." };
        Option<string?> reason = OptionalReason();
        Command command = PdpVerb("accept", "Lets a commit in although it does not follow what was served: its history was rewritten, or the ref was moved back.", streams, [reason],
            (pdp, parsed) => pdp.Accept(parsed.GetRequiredValue(commit), parsed.GetValue(reason) ?? ""), "m2m pdp accept 1f6e3c0a9b7d --reason \"a password was taken out of the history\"");
        command.Arguments.Add(commit);
        return command;
    }

    private static Command WithCommit(
        string name, string description, string commitDescription, Streams streams, Func<PdpCommand, string?, ParseResult, int> run, Option[] options, params string[] examples)
    {
        Argument<string?> commit = new("COMMIT") { Description = commitDescription, Arity = ArgumentArity.ZeroOrOne };
        string example = $"m2m pdp {name} 1f6e3c0a9b7d{(options.Length > 0 ? " --reason \"ticket 4711\"" : "")}";
        Command command = PdpVerb(name, description, streams, options, (pdp, parsed) => run(pdp, parsed.GetValue(commit), parsed), [.. examples, example]);
        command.Arguments.Add(commit);
        return command;
    }

    private static Command PdpVerb(string name, string description, Streams streams, Option[] options, Func<PdpCommand, ParseResult, int> run, params string[] examples) =>
        AskingVerb(name, description, options, (pdp, json, parsed) => run(new PdpCommand(pdp, json, streams), parsed), PdpExitCodes, examples);

    /// <summary>A verb with the options that all of them have.</summary>
    private static Command AskingVerb(string name, string description, Option[] options, Func<PdpAddress, bool, ParseResult, int> run, string exitCodes, params string[] examples)
    {
        Option<string> pdp = new("--pdp") { HelpName = "HOST:PORT", Description = "The decision point.", DefaultValueFactory = _ => "127.0.0.1:8443" };
        Option<string> certificate = new("--cert") { HelpName = "FILE", Description = "The operator's certificate, in PEM.", DefaultValueFactory = _ => ".policym2m/pki/operator.pem" };
        Option<string> key = new("--key") { HelpName = "FILE", Description = "Its private key.", DefaultValueFactory = _ => ".policym2m/pki/operator-key.pem" };
        Option<string> authorities = new("--ca") { HelpName = "FILE", Description = "The authorities that vouch for the decision point.", DefaultValueFactory = _ => ".policym2m/pki/ca.pem" };
        Option<bool> json = new("--json") { Description = "Write JSON." };
        var command = new Command(name, description) { pdp, certificate, key, authorities, json };
        foreach (Option option in options)
            command.Options.Add(option);
        command.SetAction(parsed => run(
            new PdpAddress(parsed.GetRequiredValue(pdp), parsed.GetRequiredValue(certificate), parsed.GetRequiredValue(key), parsed.GetRequiredValue(authorities)), parsed.GetValue(json), parsed));
        return HelpWithExamples.On(command, $"Examples:\n{string.Concat(examples.Select(example => $"  {example}\n"))}\n{exitCodes}");
    }

    private static Option<string> Reason() => new("--reason") { HelpName = "TEXT", Required = true, Description = "Why, in a sentence: whoever looks next reads it." };

    private static Option<string?> OptionalReason() => new("--reason") { HelpName = "TEXT", Description = "Why, for the audit log." };

    private static (RolloutStage Stage, int Percent)? ReadStage(string text)
    {
        const string Canary = "canary:";
        if (text == "shadow")
            return (RolloutStage.Shadow, 0);
        return text.StartsWith(Canary, StringComparison.Ordinal) && int.TryParse(text.AsSpan(Canary.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int percent) && percent is >= 1 and <= 100
            ? (RolloutStage.Canary, percent)
            : null;
    }
}
