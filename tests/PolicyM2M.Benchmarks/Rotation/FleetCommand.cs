using System.Globalization;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks.Rotation;

/// <summary><c>rotation-fleet</c>: simulates the renewals of a fleet, and draws them per hour.</summary>
internal static class FleetCommand
{
    public const string Command = "rotation-fleet";

    private const int Devices = 100_000, Days = 90;

    public static int Run(string? svg)
    {
        Fleet fleet = Usual();
        int[] minutes = fleet.RenewalsPerMinute(TimeSpan.FromDays(Days));
        int[] hours = [.. minutes.Chunk(60).Select(hour => hour.Sum())];
        int first = Array.FindIndex(hours, count => count > 0);
        double mean = hours.Skip(first).Average();
        Console.Out.WriteLine($"{Devices} devices enrolled within {fleet.Enrolment.TotalHours:0} h, certificates of {fleet.Life.TotalDays:0} d, {fleet.Outcome}");
        Console.Out.WriteLine($"the issuer is away from day {fleet.AwayFrom.TotalDays:0.##} for {fleet.AwayFor.TotalHours:0} h; {Days} d");
        Console.Out.WriteLine($"renewals {minutes.Sum()}, per hour since the first: mean {mean:0}, peak {hours.Max()} in hour {Array.IndexOf(hours, hours.Max())}");
        Console.Out.WriteLine($"peak minute {minutes.Max()}, which is {100.0 * minutes.Max() / Devices:0.00} % of the fleet");
        Console.Out.WriteLine($"without spread: peak minute {(fleet with { Outcome = Decided("0%") }).RenewalsPerMinute(TimeSpan.FromDays(Days)).Max()}");
        if (svg is not null)
            File.WriteAllText(svg, FleetSvg.Draw(hours, fleet));
        return 0;
    }

    /// <summary>The shipped profile <c>monthly</c>; and an issuer that is away for six hours just when the first wave is at its height.</summary>
    public static Fleet Usual() => new(Devices, TimeSpan.FromDays(30), Decided("10%"), TimeSpan.FromHours(1), TimeSpan.FromDays(19.4), TimeSpan.FromHours(6), 1);

    public static Outcome Decided(string spread) => Outcome.Allow(DecisionKind.Rotation, [(Field.RenewAt, Share("2/3")), (Field.Spread, Share(spread))]);

    private static FieldValue.Share Share(string text) => Fraction.TryParse(text, out Fraction share) ? new FieldValue.Share(share) : throw new FormatException(text.ToString(CultureInfo.InvariantCulture));
}
