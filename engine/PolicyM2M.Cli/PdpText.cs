using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>What a decision point serves and rolls out, for people.</summary>
internal sealed class PdpText(TextWriter writer, Palette palette)
{
    private const int Wide = 12;

    public void Status(GetStatusResponse status)
    {
        Row("from", $"`{status.Path}` of {status.Repository} at {status.Ref}, looked at {Time(status.LastPolledAt)}");
        Row("policies", string.Join(", ", status.Policies));
        if (status.Rollout is { } rollout)
            State(rollout);
        else
            Row("active", $"{Short(status.Active)} since {Time(status.ActivatedAt)}");
        if (status.HeldDevices > 0)
            Row("held", palette.Warn($"{DiagnosticReport.Count(status.HeldDevices, "device")} revoked here although the registry does not say so; `m2m pdp devices list` names them"));
        foreach (string reason in status.NotReady)
            Row("NOT READY", palette.Bad(Printable.Of(reason)));
        foreach (string warning in status.Warnings)
            Row("warning", palette.Warn(Printable.Of(warning)));
        // What has time enough is not worth a row each: the first says when to look again.
        foreach (Term term in status.Terms.Where((term, place) => place == 0 || term.Stage != TermStage.Running))
            Ends(term);
        if (status.Refused is not { } refused)
            return;
        Row("refused", palette.Bad(refused.CommitId.Length == 0 ? "the repository cannot be followed" : Short(refused.CommitId)) + $" since {Time(refused.SeenAt)}");
        foreach (Diagnostic fault in refused.Diagnostics)
        {
            Row("", Printable.Of(fault.Code.Length == 0 ? fault.Message : $"{fault.File}:{fault.Line}:{fault.Column}: {fault.Code}: {fault.Message}"));
            if (fault.Help.Length > 0)
                Row("", palette.Faint(Printable.Of($"help: {fault.Help}")));
        }
    }

    /// <summary>A history that was let in changes nothing yet.</summary>
    public void Accepted(string commit) => Row("accepted", $"{Short(commit)} is compiled and tested with the next look, as any commit is, and then enters as above; `m2m pdp status` shows what came of it");

    public void State(RolloutState state)
    {
        Row("active", $"{palette.Good(Short(state.Active))} since {Time(state.ActivatedAt)}{Summary(state.Summary)}");
        if (state.Candidate is { } candidate)
            Row("candidate", $"{palette.Warn(Short(candidate.Revision))} {Stage(candidate)} since {Time(candidate.Since)}, {Compared(candidate)}{Summary(candidate.Summary)}");
        if (state.Waiting is { } waiting)
            Row("waiting", $"{palette.Warn(Short(waiting.Revision))}{Summary(waiting.Summary)}, {WhyItWaits(state)}");
        if (state.Pin is { } pin)
            Row("pinned", $"{palette.Warn(Printable.Of(pin.Reason))}, by {Printable.Of(pin.By)} at {Time(pin.At)}");
        Row("entry", (state.Pin is null ? "" : "nothing enters while this is pinned; after `unpin` ") + (state.Entry == "direct" ? "new commits become active at once" : $"new commits enter as {state.Entry}"));
        if (state.NotRemembered.Length > 0)
            Row("BUT", palette.Bad($"a restart would not know of this: {Printable.Of(state.NotRemembered)}"));
    }

    public void Revisions(ListRevisionsResponse list)
    {
        writer.Write(palette.Faint($"{"commit",-14}{"bundle",-14}{"since",-22}{"",-16}summary") + "\n");
        if (list.State.Candidate is { } candidate)
            Revision(candidate.Revision, candidate.Since, Stage(candidate), candidate.Summary, palette.Warn);
        Revision(list.State.Active, list.State.ActivatedAt, list.State.Pin is null ? "active" : "active, pinned", list.State.Summary, palette.Good);
        foreach (PastRevision past in list.Past)
            Revision(past.Revision, past.ActivatedAt, Fate(past.Fate), past.Summary, past.Fate == RevisionFate.Replaced ? text => text : palette.Bad);
    }

    public void Differences(GetDifferencesResponse found)
    {
        if (found.Candidate is not { } candidate)
        {
            writer.Write("there is no candidate to compare with\n");
            return;
        }
        Row("candidate", $"{palette.Warn(Short(candidate.Revision))} {Stage(candidate)} beside {Short(found.Active)}: {Compared(candidate)}");
        foreach (DifferenceCount count in found.Counts)
            Row(Kind(count.Kind), $"{count.Count} {Direction(count.Direction)}");
        foreach (DifferenceSample sample in found.Samples)
        {
            writer.Write($"\n{palette.Strong(Kind(sample.Kind))} {Direction(sample.Direction)}, {DiagnosticReport.Count((long)sample.Count, "time")}, "
                + $"last by {Printable.Of(sample.DeviceId)} at {Time(sample.LastSeen)}\n");
            Side("-", sample.ActiveOutcome, sample.ActiveRules, palette.Bad);
            Side("+", sample.CandidateOutcome, sample.CandidateRules, palette.Good);
        }
        if (found.NotSampled > 0)
            writer.Write($"\nand {found.NotSampled} more, of sorts that are not kept\n");
    }

    private void Ends(Term term)
    {
        string text = $"{Printable.Of(term.What)} at {Time(term.Until)}";
        Row(term.Stage == TermStage.Over ? "ENDED" : "ends", term.Stage switch
        {
            TermStage.Over => palette.Bad(text),
            TermStage.Ending => palette.Warn($"{text}, and nobody has made the next one yet"),
            _ => text,
        });
    }

    private void Side(string sign, string outcome, IEnumerable<string> rules, Func<string, string> paint)
    {
        writer.Write($"  {paint($"{sign} {Printable.Of(outcome)}")}\n");
        foreach (string rule in rules)
            writer.Write(palette.Faint($"      {Printable.Of(rule)}") + "\n");
    }

    private void Row(string name, string text) => writer.Write($"{palette.Faint(name.PadRight(14))}{text}\n");

    private void Revision(Revision revision, Timestamp? since, string what, string summary, Func<string, string> paint) =>
        writer.Write($"{paint(Short(revision).PadRight(14))}{Short(revision.BundleHash),-14}{Time(since),-22}{paint(what.PadRight(16))}{Printable.Of(summary)}\n");

    private static string Compared(RolloutCandidate candidate) => $"{candidate.Differing} of {candidate.Compared} decisions differ";

    private static string Stage(RolloutCandidate candidate) => candidate.Stage == RolloutStage.Canary ? $"canary:{candidate.Percent}" : "shadow";

    public static string Fate(RevisionFate fate) => fate switch
    {
        RevisionFate.RolledBack => "rolled back",
        RevisionFate.Abandoned => "abandoned",
        _ => "replaced",
    };

    public static string Kind(DecisionKind kind) => kind switch
    {
        DecisionKind.CipherSuites => "cipher-suites",
        DecisionKind.Auth => "auth",
        _ => "rotation",
    };

    public static string Direction(Direction direction) => direction switch
    {
        Wire.V1.Direction.Tighter => "tighter",
        Wire.V1.Direction.Looser => "looser",
        Wire.V1.Direction.Both => "tighter and looser",
        _ => "in words or order only",
    };

    private static string Summary(string summary) => summary.Length == 0 ? "" : $" ({Printable.Of(summary)})";

    private static string Short(Revision revision) => Short(revision.CommitId);

    private static string Short(string hash) => hash.Length > Wide ? hash[..Wide] : hash;

    private static string Time(Timestamp? time) => time is null ? "-" : $"{time.ToDateTimeOffset():yyyy-MM-ddTHH:mm:ssZ}";

    private static string WhyItWaits(RolloutState state) =>
        state.Pin is not null ? "until `unpin`, or, where it was rolled back before, until `promote` or `stage`"
        : state.NotRemembered.Length > 0 ? "until it can be remembered for a restart" : "was rolled back before: `promote` or `stage` lets it in";
}
