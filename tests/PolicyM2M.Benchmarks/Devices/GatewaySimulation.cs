using System.Diagnostics;
using PolicyM2M.Benchmarks.Table;
using PolicyM2M.Compiler;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Benchmarks.Devices;

/// <summary>
/// A gateway with 1,000 devices that each ask for all three kinds once a minute, by the policies of this repository. Counts the calls of the decision point that its cache by regions needs, to which a watch
/// tells the statements of its devices, and those that a
/// cache by exact contexts would need which knows the same: what is needed, and for how long a decision is fresh or a denial kept. Each is of one of twelve models, whose first device is in good standing; a few others are denied, and ask on.
/// </summary>
internal static class GatewaySimulation
{
    private const int Devices = 1_000, Models = 12, Seed = 20261125;

    /// <summary>How many times fewer calls a cache by regions needs, at least.</summary>
    public const int FewerCalls = 10;

    public static bool Print(bool isQuick)
    {
        int minutes = 60 * (isQuick ? 2 : 6);
        long began = Stopwatch.GetTimestamp();
        Counts counts = Run(Devices, minutes, Models);
        Console.Error.WriteLine($"{minutes} minutes of {Devices} devices in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
        TableRow[] rows =
        [
            TableRow.Told("questions", $"{counts.Asked:#,0}"),
            TableRow.Told("calls, kept by exact contexts", $"{counts.ExactCalls:#,0} (hit rate {1 - (double)counts.ExactCalls / counts.Asked:P1})"),
            TableRow.Told("calls, kept by regions", $"{counts.RegionCalls:#,0} (hit rate {1 - (double)counts.RegionCalls / counts.Asked:P1}; at most {counts.MostKept:#,0} decisions kept)"),
            TableRow.Told("of these the first of a device, of which nothing was known", $"{counts.FirstCalls:#,0}"),
            TableRow.Told("statements told by its watch, without a call", $"{counts.Told:#,0}"),
            TableRow.AtLeast("fewer calls", counts.TimesFewer, FewerCalls, " ×"),
        ];
        Console.Out.Write(TableRow.Markdown(rows));
        return rows.All(row => row.IsMet != false);
    }

    /// <summary>Lets devices drift and ask, and counts.</summary>
    /// <param name="count">How many devices.</param>
    /// <param name="minutes">For how long, by their clock.</param>
    /// <param name="kinds">Of how many models they are.</param>
    public static Counts Run(int count, int minutes, int kinds)
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddYears(57);
        var pdp = new SimulatedPdp(Shipped(), now);
        var clock = new DeviceClock(TimeProvider.System, null);
        var memory = new DecisionMemory(StoreContent.Empty with { Keys = pdp.Keys }, clock, "gateway");
        int[] models = [.. Enumerable.Range(Seed, 1_000_000).Where(model => IsAllowed(new DriftingDevice(0, pdp.Bundle, model), pdp, now)).Take(kinds)];
        DriftingDevice[] devices = [.. Enumerable.Range(0, count).Select(number => new DriftingDevice(number, pdp.Bundle, models[number % kinds]))];
        var watch = new SimulatedWatch(pdp, memory);
        var exact = new Dictionary<(string, DecisionKind, string), DateTimeOffset>();
        long asked = 0, regionCalls = 0, firstCalls = 0, exactCalls = 0, order = 0, most = 0;
        for (int minute = 0; minute < minutes; minute++, now = now.AddMinutes(1))
        {
            foreach (DriftingDevice device in devices)
            {
                device.Move(isHour: minute % 60 == 0, moved => IsAllowed(moved, pdp, now));
                watch.Tell(device, now, () => ++order);
                asked++;
                var claims = new ClaimSet(device.Claims, device.Name, memory.Slot);
                if (DecisionKinds.All.Any(kind => memory.Find(kind, claims, now)?.At(now) != AtHand.Fresh))
                {
                    regionCalls++;
                    firstCalls += claims.Slot.Facts.Served is null ? 1 : 0;
                    Answer answer = pdp.Answer(device.Claims, device.Registered, device.Name, now);
                    memory.Keep(claims, answer, ++order, claims.Slot.Facts.Served, now);
                    watch.Asked(device, answer);
                }
                exactCalls += IsFresh(exact, device, now, pdp) ? 0 : 1;
            }
            most = Math.Max(most, memory.Index.Count);
        }
        return new Counts(asked, regionCalls, firstCalls, exactCalls, watch.Told, most);
    }

    /// <summary>What a run came to.</summary>
    /// <param name="Asked">How often the devices asked.</param>
    /// <param name="RegionCalls">How many calls a cache by regions needed for that.</param>
    /// <param name="FirstCalls">How many of these were the first of a device.</param>
    /// <param name="ExactCalls">How many one by exact contexts would have needed.</param>
    /// <param name="Told">How many statements were told without a call.</param>
    /// <param name="MostKept">The most decisions that were kept by region.</param>
    public sealed record Counts(long Asked, long RegionCalls, long FirstCalls, long ExactCalls, long Told, long MostKept)
    {
        /// <summary>How many times fewer calls regions need.</summary>
        public double TimesFewer => (double)ExactCalls / RegionCalls;
    }

    private static bool IsAllowed(DriftingDevice device, SimulatedPdp pdp, DateTimeOffset now) => DecisionKinds.All.All(kind => !pdp.Decide(kind, device.Claims, device.Registered, now).Outcome.IsDenied);

    private static bool IsFresh(Dictionary<(string, DecisionKind, string), DateTimeOffset> exact, DriftingDevice device, DateTimeOffset now, SimulatedPdp pdp)
    {
        bool isFresh = true;
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            (string, DecisionKind, string) key = (device.Name, kind, ContextKey.Of(kind, device.Claims));
            if (exact.TryGetValue(key, out DateTimeOffset until) && now < until)
                continue;
            isFresh = false;
            Decision decision = pdp.Decide(kind, device.Claims, device.Registered, now);
            exact[key] = now + (decision.Outcome.IsDenied ? Asking.DenialsAreKept : decision.FreshFor);
        }
        return isFresh;
    }

    private static Bundle Shipped()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "policies");
        Compilation compilation = PolicyCompiler.Compile([.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(Path.GetRelativePath(folder, path).Replace('\\', '/'), File.ReadAllText(path)))]);
        return compilation.Bundle ?? throw new Measuring.SetDoesNotCompileException("policies", compilation.Diagnostics);
    }
}
