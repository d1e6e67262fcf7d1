using System.CommandLine;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static readonly string AuditExitCodes = """
        Exit codes:
          0  the log is what was signed
          1  could not run
          4  something is wrong with the log, and what it is was said
        """;

    private static readonly string ShowExitCodes = """
        Exit codes:
          0  what there is was shown; nothing was verified
          1  could not run
          4  records are missing between others, or at the end
        """;

    private static Command Audit(Streams streams)
    {
        var audit = new Command("audit", "Reads an audit log, and finds out whether anybody changed it. Needs the log's folder and nothing else.") { AuditVerify(streams), AuditShow(streams) };
        return HelpWithExamples.On(audit, """
            Examples:
              m2m audit verify .policym2m/audit --key audit.vkey --since checkpoint-of-last-week
              m2m audit show .policym2m/audit --device plc-0042
            """ + "\n\n" + AuditExitCodes);
    }

    private static Command AuditVerify(Streams streams)
    {
        Argument<string> folder = LogFolder();
        Option<string?> key = new("--key") { HelpName = "FILE", Description = "The log's public key, a line each, as the file `key` of its folder had it when you first saw it. [default: that file]" };
        Option<string?> since = new("--since") { HelpName = "FILE", Description = "A checkpoint that you kept: the log must have grown out of it." };
        Option<bool> json = new("--json") { Description = "Write JSON." };
        var verify = new Command("verify", "Hashes every record, and says which were changed, removed or moved.") { folder, key, since, json };
        verify.SetAction(parsed => AuditCommand.Verify(parsed.GetRequiredValue(folder), parsed.GetValue(key), parsed.GetValue(since), parsed.GetValue(json), streams));
        return HelpWithExamples.On(verify, """
            Examples:
              m2m audit verify .policym2m/audit
              m2m audit verify .policym2m/audit --key audit.vkey --since last-week --json
              cp .policym2m/audit/checkpoint last-week       # keep it where nobody who could change the log can
            """ + "\n\n" + AuditExitCodes);
    }

    private static Command AuditShow(Streams streams)
    {
        Argument<string> folder = LogFolder();
        Option<long?> from = WholeNumber.Option("--from", "The first record, 0 unless given.", 0, long.MaxValue);
        Option<int?> limit = WholeNumber.Option("--limit", "At most so many records.", 0, int.MaxValue);
        Option<string?> device = new("--device") { HelpName = "ID", Description = "Only records about this device, as the log names it." };
        Option<string?> key = new("--pseudonym-key") { HelpName = "FILE", Description = "The secret by which the log names devices (the server's --audit-pseudonyms): --device is then the device's id." };
        Option<string?> kind = new Option<string?>("--kind") { HelpName = "KIND", Description = $"Only records of this kind: {string.Join(", ", AskedKind.All)}." }.Takes([.. AskedKind.All]);
        Option<bool> json = new("--json") { Description = "Write JSON, a record on each line." };
        var show = new Command("show", "Shows records. They are not verified.") { folder, from, limit, device, key, kind, json };
        show.SetAction(parsed => AuditCommand.Show(
            parsed.GetRequiredValue(folder), parsed.GetValue(from) ?? 0, parsed.GetValue(limit), AskedDevice.Of(parsed.GetValue(device), parsed.GetValue(key)), AskedKind.Of(parsed.GetValue(kind)),
            parsed.GetValue(json), streams));
        return HelpWithExamples.On(show, """
            Examples:
              m2m audit show .policym2m/audit --limit 20
              m2m audit show .policym2m/audit --device plc-0042 --pseudonym-key secret
              m2m audit show .policym2m/audit --kind import
              m2m audit show .policym2m/audit --kind denial --json | jq .caller
            """ + "\n\n" + ShowExitCodes);
    }

    private static Argument<string> LogFolder() => new("FOLDER") { Description = "The folder of the log: `audit` in the data folder of the decision point, or a copy of it." };
}
