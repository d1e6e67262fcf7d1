using System.Collections.Immutable;
using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// How long the waivers of one demand hold together. Two of them are one where no second lies between them and a context could be under both, and so are those that they
/// are one with in turn: what a device is may change from one to the next. However an exception is cut up, it never holds for longer than the manifest allows.
/// </summary>
internal sealed class WaiverSpans(ConditionTable conditions, ConditionLowering lowering, long longest, Faults faults)
{
    /// <exception cref="BudgetExceededException">There are too many that touch each other.</exception>
    public void Check(BoundDemand demand)
    {
        BoundWaiver[] waivers = [.. demand.Waivers.OrderBy(waiver => waiver.From).ThenBy(waiver => waiver.Until)];
        for (int first = 0; first < waivers.Length;)
        {
            (int last, long until) = (first + 1, waivers[first].Until);
            for (; last < waivers.Length && waivers[last].From <= until; last++)
                until = Math.Max(until, waivers[last].Until);
            // Most exceptions of one demand begin or end together, and whom they are for need then not be looked at.
            if (until - waivers[first].From > longest)
                CheckTouching(waivers.AsSpan(first, last - first));
            first = last;
        }
    }

    /// <summary>Waivers without a gap between them, in the order in which they begin.</summary>
    private void CheckTouching(ReadOnlySpan<BoundWaiver> waivers)
    {
        var groups = new List<(List<int> Conditions, BoundWaiver First, BoundWaiver Last)>();
        foreach (BoundWaiver waiver in waivers)
        {
            int when = lowering.Lower(waiver.When);
            (List<int> Conditions, BoundWaiver First, BoundWaiver Last) own = ([when], waiver, waiver);
            // Those before began earlier: a group that this one joins goes on to the later of both ends.
            foreach (var group in groups.Where(group => waiver.From <= group.Last.Until && group.Conditions.Exists(other => CanBeBoth(when, other))).ToImmutableArray())
            {
                groups.Remove(group);
                own = ([.. group.Conditions, .. own.Conditions], group.First.From < own.First.From ? group.First : own.First, group.Last.Until > own.Last.Until ? group.Last : own.Last);
            }
            groups.Add(own);
            if (own.Last.Until - own.First.From > longest)
                faults.LongWaivers(own.Last.Source, own.First.Source, longest);
        }
    }

    private bool CanBeBoth(int when, int other) => conditions.And([when, other]) != ConditionTable.Never;
}
