using System.Diagnostics;
using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>Roll-backs, to and fro between two revisions of 10,000 rules.</summary>
internal sealed class RollBacks(DevelopmentClients clients, ServiceFolder folder)
{
    private readonly DecisionService.DecisionServiceClient _decisions = new(clients.Device);
    private readonly PolicyService.PolicyServiceClient _policies = new(clients.Operator);

    /// <summary>Rolls back so often.</summary>
    public async Task<TableRow> RunAsync(int times)
    {
        string from = await clients.ActiveAsync(), to = from;
        folder.CommitAnother(1);
        while ((from = await clients.ActiveAsync()) == to)
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        var took = new List<double>();
        for (int i = 0; i < times; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await _policies.RollBackAsync(new RollBackRequest { ExpectedActive = from, CommitId = to, Reason = "to be measured" });
            if (await AnsweringAsync() != to)
                throw new InvalidOperationException("an answer after a roll-back was of the revision before it");
            took.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            (from, to) = (to, from);
        }
        return TableRow.AtMost($"a roll-back, from the call of the operator until an answer of the other revision is there, 10,000 rules, the longest of {times}", took.Max(), 1, " s",
            $"half of them: {TableRow.Number(Figures.MedianOf(took))} s");
    }

    private async Task<string> AnsweringAsync() => (await _decisions.DecideAsync(new DecideRequest { Kinds = { DecisionKind.CipherSuites } })).Decisions.Single().Revision.CommitId;
}
