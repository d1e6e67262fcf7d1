using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary><c>m2m pdp</c>: asks a decision point what it serves, and steers what it rolls out. What changes something is told which revision the operator saw: where another change came first, nothing changes.</summary>
internal sealed class PdpCommand(PdpAddress address, bool json, Streams streams)
{
    public int Status() => Run(connection =>
    {
        GetStatusResponse status = connection.Ask((client, options) => client.GetStatus(new GetStatusRequest(), options));
        Write(() => PdpJson.Status(status), text => text.Status(status));
        return status.Refused is null && status.NotReady.Count == 0 ? ExitCode.Ok : ExitCode.NotAsExpected;
    });

    public int Revisions() => Run(connection =>
    {
        ListRevisionsResponse list = connection.Ask((client, options) => client.ListRevisions(new ListRevisionsRequest(), options));
        Write(() => PdpJson.Revisions(list), text => text.Revisions(list));
        return ExitCode.Ok;
    });

    public int Differences(bool check) => Run(connection =>
    {
        GetDifferencesResponse found = connection.Ask((client, options) => client.GetDifferences(new GetDifferencesRequest(), options));
        Write(() => PdpJson.Differences(found), text => text.Differences(found));
        // A gate that was to look at a candidate has seen none.
        return check && (found.Counts.Count > 0 || found.Candidate is null) ? ExitCode.NotAsExpected : ExitCode.Ok;
    });

    public int Promote(string? commit, string reason) => Change(commit, (client, before, named, options) =>
    {
        // What was seen is named, so that nothing else is promoted.
        string seen = named.Length > 0 ? named : (before.Rollout.Candidate?.Revision ?? before.Rollout.Waiting?.Revision)?.CommitId ?? "";
        return client.Promote(new PromoteRequest { ExpectedActive = before.Rollout.Active.CommitId, CommitId = seen, Reason = reason }, options).State;
    });

    public int RollBack(string? commit, string reason) => Change(commit, (client, before, named, options) =>
        client.RollBack(new RollBackRequest { ExpectedActive = before.Rollout.Active.CommitId, CommitId = named, Reason = reason }, options).State);

    public int Pin(string reason) => Change(null, (client, before, _, options) => client.Pin(new PinRequest { ExpectedActive = before.Rollout.Active.CommitId, Reason = reason }, options).State);

    public int Unpin(string reason) => Change(null, (client, before, _, options) => client.Unpin(new UnpinRequest { ExpectedActive = before.Rollout.Active.CommitId, Reason = reason }, options).State);

    public int Stage(RolloutStage stage, int percent, string reason) => Change(null, (client, before, _, options) => client.SetStage(new SetStageRequest
    {
        ExpectedActive = before.Rollout.Active.CommitId,
        CommitId = (before.Rollout.Candidate?.Revision ?? before.Rollout.Waiting?.Revision)?.CommitId ?? "",
        Stage = stage,
        Percent = percent,
        Reason = reason,
    }, options).State);

    public int Accept(string commit, string reason) => Change(commit, (client, before, named, options) =>
        client.AcceptHistory(new AcceptHistoryRequest { ExpectedActive = before.Rollout.Active.CommitId, CommitId = named, Reason = reason }, options).State, (text, named) => text.Accepted(named));

    /// <summary>Asks for a change of what was seen a moment before.</summary>
    /// <param name="commit">The commit that the operator names, or its beginning; null where it names none.</param>
    /// <param name="change">Asks, with the whole id of that commit.</param>
    /// <param name="then">Tells people more than the state that came of it.</param>
    private int Change(string? commit, Func<PolicyService.PolicyServiceClient, GetStatusResponse, string, Grpc.Core.CallOptions, RolloutState> change, Action<PdpText, string>? then = null) => Run(connection =>
    {
        GetStatusResponse before = connection.Ask((client, options) => client.GetStatus(new GetStatusRequest(), options));
        if (before.Rollout is null)
            throw new CannotRunException("the decision point does not know roll-outs: it is older than this m2m");
        string named = commit is null ? "" : CommitName.Whole(commit, before, () => connection.Ask((client, options) => client.ListRevisions(new ListRevisionsRequest(), options)));
        RolloutState after = connection.Ask((client, options) => change(client, before, named, options));
        Write(() => PdpJson.State(after), text =>
        {
            text.State(after);
            then?.Invoke(text, named);
        });
        return ExitCode.Ok;
    });

    private int Run(Func<PdpConnection, int> ask)
    {
        using PdpConnection connection = PdpConnection.Open(address);
        return ask(connection);
    }

    private void Write(Func<string> toJson, Action<PdpText> toText)
    {
        if (json)
            streams.Answers.Write(toJson() + "\n");
        else
            toText(new PdpText(streams.Answers, streams.AnswerColours));
    }
}
