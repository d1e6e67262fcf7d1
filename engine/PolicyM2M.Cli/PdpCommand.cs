using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary><c>m2m pdp</c>: asks a decision point what it serves, and steers what it rolls out. What changes something is told which revision the operator saw: where another change came first, nothing changes.</summary>
internal sealed class PdpCommand(PdpAddress address, bool json, Streams streams)
{
    public int Status() => Run(connection =>
    {
        GetStatusResponse status = connection.Ask((client, options) => client.GetStatus(new GetStatusRequest(), options));
        Write(() => PdpJson.Status(status), text => text.Status(status));
        return status.Refused is null ? ExitCode.Ok : ExitCode.NotAsExpected;
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
        return check && found.Counts.Count > 0 ? ExitCode.NotAsExpected : ExitCode.Ok;
    });

    public int Promote(string? commit) => Change((client, before, options) =>
    {
        // What was seen is named, so that nothing else is promoted.
        string seen = commit ?? (before.Candidate?.Revision ?? before.Waiting?.Revision)?.CommitId ?? "";
        return client.Promote(new PromoteRequest { ExpectedActive = before.Active.CommitId, CommitId = seen }, options).State;
    });

    public int RollBack(string? commit, string reason) => Change((client, before, options) =>
        client.RollBack(new RollBackRequest { ExpectedActive = before.Active.CommitId, CommitId = commit ?? "", Reason = reason }, options).State);

    public int Pin(string reason) => Change((client, before, options) => client.Pin(new PinRequest { ExpectedActive = before.Active.CommitId, Reason = reason }, options).State);

    public int Unpin() => Change((client, before, options) => client.Unpin(new UnpinRequest { ExpectedActive = before.Active.CommitId }, options).State);

    public int Stage(RolloutStage stage, int percent, string? commit) => Change((client, before, options) => client.SetStage(new SetStageRequest
    {
        ExpectedActive = before.Active.CommitId,
        CommitId = commit ?? (before.Candidate?.Revision ?? before.Waiting?.Revision)?.CommitId ?? "",
        Stage = stage,
        Percent = percent,
    }, options).State);

    public int Accept(string commit) => Change((client, before, options) => client.AcceptHistory(new AcceptHistoryRequest { ExpectedActive = before.Active.CommitId, CommitId = commit }, options).State);

    private int Change(Func<PolicyService.PolicyServiceClient, RolloutState, Grpc.Core.CallOptions, RolloutState> change) => Run(connection =>
    {
        RolloutState before = connection.Ask((client, options) => client.GetStatus(new GetStatusRequest(), options)).Rollout
            ?? throw new CannotRunException("the decision point does not know roll-outs: it is older than this m2m");
        RolloutState after = connection.Ask((client, options) => change(client, before, options));
        Write(() => PdpJson.State(after), text => text.State(after));
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
