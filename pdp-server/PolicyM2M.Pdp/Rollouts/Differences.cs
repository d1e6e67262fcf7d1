using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>How often decisions of a kind changed in one direction.</summary>
internal readonly record struct DifferenceCount(DecisionKind Kind, Direction Direction, long Count);

/// <summary>One sort of difference: an outcome of the active revision that became another one of the candidate.</summary>
/// <param name="Active">A decision of the active revision.</param>
/// <param name="Candidate">The candidate's.</param>
/// <param name="Count">How often.</param>
/// <param name="Device">The device that was seen last.</param>
/// <param name="LastSeen">When.</param>
internal sealed record DifferenceSample(Decision Active, Decision Candidate, long Count, string Device, DateTimeOffset LastSeen)
{
    /// <summary>Which way it goes.</summary>
    public Direction Direction => Active.Outcome.DirectionTo(Candidate.Outcome);
}

/// <summary>What a look at the differences found, all of one moment.</summary>
/// <param name="Compared">Decisions that were made with both revisions.</param>
/// <param name="Counts">Those that differ.</param>
/// <param name="Samples">Their sorts, the most frequent first.</param>
/// <param name="NotSampled">Differences of sorts beyond those that are kept.</param>
internal sealed record DifferenceReport(long Compared, ImmutableArray<DifferenceCount> Counts, ImmutableArray<DifferenceSample> Samples, long NotSampled)
{
    public long Differing => Counts.Sum(count => count.Count);
}

/// <summary>
/// What a candidate decides otherwise than the active revision. A fleet repeats itself, so that samples are kept by sort and not by device: a frequent difference does
/// not push a rare one out. One of the server's few mutable holders; safe for all threads: everything is counted under one lock, which is held for a look into a table.
/// </summary>
internal sealed class Differences
{
    /// <summary>Of sorts beyond these only the number is kept: nobody reads more, and whoever asks must not fill the memory.</summary>
    public const int MaximumSorts = 100;

    private static readonly int Directions = (int)Direction.Both + 1;

    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[DecisionKinds.All.Count * Directions];
    private readonly Dictionary<(Outcome, Outcome), DifferenceSample> _samples = [];
    private long _compared;
    private long _notSampled;

    /// <summary>Compares two decisions on one question.</summary>
    public void Compare(string device, Decision active, Decision candidate, DateTimeOffset now)
    {
        if (active.Outcome.Equals(candidate.Outcome))
        {
            Interlocked.Increment(ref _compared);
            return;
        }
        Direction direction = active.Outcome.DirectionTo(candidate.Outcome);
        lock (_lock)
        {
            Interlocked.Increment(ref _compared);
            _counts[(int)active.Kind * Directions + (int)direction]++;
            (Outcome, Outcome) sort = (active.Outcome, candidate.Outcome);
            if (_samples.TryGetValue(sort, out DifferenceSample? known))
                _samples[sort] = known with { Count = known.Count + 1, Device = device, LastSeen = now };
            else if (_samples.Count < MaximumSorts)
                _samples[sort] = new DifferenceSample(active, candidate, 1, device, now);
            else
                _notSampled++;
        }
    }

    /// <summary>What was found until now.</summary>
    public DifferenceReport Report()
    {
        lock (_lock)
        {
            IEnumerable<DifferenceCount> counts =
                from kind in DecisionKinds.All
                from direction in Enum.GetValues<Direction>()
                let count = _counts[(int)kind * Directions + (int)direction]
                where count > 0
                select new DifferenceCount(kind, direction, count);
            return new DifferenceReport(Interlocked.Read(ref _compared), [.. counts],
                [.. _samples.Values.OrderByDescending(sample => sample.Count).ThenBy(sample => sample.Active.Outcome.ToString(), StringComparer.Ordinal)], _notSampled);
        }
    }
}
