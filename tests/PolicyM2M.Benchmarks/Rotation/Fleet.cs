using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Benchmarks.Rotation;

/// <summary>
/// A fleet that was enrolled within one hour, which no fleet survives that renews by the calendar. Each device renews at the moment of its plan; while the issuer is away it
/// tries again as the SDK does. No bytes travel.
/// </summary>
/// <param name="Devices">How many.</param>
/// <param name="Life">How long certificates are valid.</param>
/// <param name="Outcome">What the policies say.</param>
/// <param name="Enrolment">Within how long the first certificates were issued, evenly.</param>
/// <param name="AwayFrom">When the issuer goes away, from the beginning.</param>
/// <param name="AwayFor">For how long.</param>
/// <param name="Seed">Of what is left to chance: serial numbers, and pauses after a failure.</param>
internal sealed record Fleet(int Devices, TimeSpan Life, Outcome Outcome, TimeSpan Enrolment, TimeSpan AwayFrom, TimeSpan AwayFor, int Seed)
{
    private static readonly DateTimeOffset Begin = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How many certificates were issued in each minute after the enrolment.</summary>
    public int[] RenewalsPerMinute(TimeSpan until)
    {
        int[] minutes = new int[(int)until.TotalMinutes];
        var random = new Random(Seed);
        for (int device = 0; device < Devices; device++)
        {
            DateTimeOffset issued = Begin + Enrolment * device / Devices;
            while (true)
            {
                var times = new CredentialTimes(issued, issued + Life, issued);
                RotationPlan plan = RotationPlan.Of(times, Outcome, DeviceSpread.Of($"device-{device}", $"{random.NextInt64():x16}"));
                issued = Reached(plan, times, random);
                if (issued >= Begin + until)
                    break;
                minutes[(int)(issued - Begin).TotalMinutes]++;
            }
        }
        return minutes;
    }

    private DateTimeOffset Reached(RotationPlan plan, CredentialTimes times, Random random)
    {
        DateTimeOffset at = plan.RenewAt;
        for (int attempts = 0; at >= Begin + AwayFrom && at < Begin + AwayFrom + AwayFor; attempts++)
            at += RetryPause.After(attempts, times, plan.Limit, at, random.NextDouble());
        return at;
    }
}
