namespace PolicyM2M.Registry;

/// <summary>One change, with its number.</summary>
internal readonly record struct LoggedChange(long Sequence, string Id, DeviceChange Change);

/// <summary>What changes come to: worked out before anything is written, from the devices as they are.</summary>
internal sealed class Outcome
{
    private Outcome(long sequence) => Sequence = sequence;

    /// <summary>The number of the last change.</summary>
    public long Sequence { get; private set; }

    /// <summary>Each device before, in the order of the changes.</summary>
    public List<Device?> Before { get; } = [];

    /// <summary>Each device afterwards, in the order of the changes.</summary>
    public List<Device?> Devices { get; } = [];

    /// <summary>Why a change is not made, in the order of the changes.</summary>
    public List<Refusal?> Refusals { get; } = [];

    /// <summary>The devices to write.</summary>
    public List<Device> Put { get; } = [];

    /// <summary>The devices to delete.</summary>
    public List<string> Gone { get; } = [];

    /// <summary>What is kept of who did what.</summary>
    public List<LoggedChange> Log { get; } = [];

    /// <summary>How many devices are not as they were.</summary>
    public int Changed => Log.Count;

    /// <summary>Applies changes.</summary>
    public static Outcome Of(IEnumerable<(string Id, DeviceChange Change)> changes, Dictionary<string, Device> before, long sequence, DateTimeOffset now)
    {
        var outcome = new Outcome(sequence);
        foreach ((string id, DeviceChange change) in changes)
        {
            Device? current = before.GetValueOrDefault(id);
            outcome.Before.Add(current);
            try
            {
                outcome.Add(id, change, current, change.Apply(id, current, now), now);
            }
            catch (DeviceRefusedException refused)
            {
                outcome.Devices.Add(current);
                outcome.Refusals.Add(refused.Refusal);
            }
        }
        return outcome;
    }

    private void Add(string id, DeviceChange change, Device? before, Device? after, DateTimeOffset now)
    {
        if (before is null ? after is not null : after is null || !after.SaysTheSameAs(before))
        {
            Log.Add(new LoggedChange(++Sequence, id, change));
            after = after is null ? null : after with { Version = Sequence, UpdatedAt = now };
            if (after is null)
                Gone.Add(id);
            else
                Put.Add(after);
        }
        Devices.Add(after);
        Refusals.Add(null);
    }
}
