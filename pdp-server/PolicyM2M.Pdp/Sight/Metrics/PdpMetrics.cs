using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Access;

namespace PolicyM2M.Pdp.Sight.Metrics;

/// <summary>
/// What is counted and measured, by the names that OpenTelemetry gives such things. Safe for all threads. What happens often is counted in plain numbers and read when
/// somebody looks, so that a decision pays an addition for being counted and makes no garbage, whether anybody looks or not. What others count already is read from them: see
/// <see cref="PdpObservations"/>.
/// </summary>
internal sealed class PdpMetrics : IDisposable
{
    public const string MeterName = "PolicyM2M.Pdp";

    /// <summary>An answer takes tens of microseconds; what takes a second is a fault. In seconds.</summary>
    public static readonly double[] DecideBounds = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1];

    private const string OtherRpc = "other";

    private static readonly string[] Outcomes = ["permitted", "denied"], Sources = ["active", "canary"], Forms = ["plain", "signed"];

    /// <summary>The labels of each number in <see cref="_decisions"/>, made once.</summary>
    private static readonly KeyValuePair<string, object?>[][] DecisionLabels = [
        .. from kind in DecisionKinds.All
           from outcome in Outcomes
           from source in Sources
           from form in Forms
           select new KeyValuePair<string, object?>[] { new("kind", kind.Name()), new("outcome", outcome), new("source", source), new("form", form) },
    ];

    private static readonly FrozenDictionary<string, int> RpcPlaces =
        AccessTable.Rpcs.Order(StringComparer.Ordinal).Append(OtherRpc).Select((rpc, place) => (rpc, place))
            .ToFrozenDictionary(entry => entry.rpc, entry => entry.place, StringComparer.Ordinal);

    private readonly List<Instrument> _instruments = [];
    private readonly long[] _decisions = new long[DecisionLabels.Length];
    private readonly long[] _denials = new long[RpcPlaces.Count];
    private readonly Histogram<double> _decideDuration;
    private long _watchers, _overloads, _refusals, _answersMade, _answersAgain, _decisionsAgain;

    public PdpMetrics()
    {
        Counter("policym2m.pdp.decisions", "{decision}", "Decisions given, by kind, outcome, the revision that they are from and the form in which they were asked for.",
            () => DecisionLabels.Select((labels, place) => new Measurement<long>(Interlocked.Read(ref _decisions[place]), labels)));
        _decideDuration = Add(Meter.CreateHistogram("policym2m.pdp.decide.duration", "s",
            "Time to answer one request for decisions, from the request as it was read to the answer before it is recorded and written.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DecideBounds }));
        Counter("policym2m.pdp.answers", "{answer}", "Answers of `Decide`, by whether they were made or given again from memory.",
            () => [new(Interlocked.Read(ref _answersMade), new KeyValuePair<string, object?>("from", "request")), new(Interlocked.Read(ref _answersAgain), new KeyValuePair<string, object?>("from", "memory"))]);
        Counter("policym2m.pdp.denials", "{call}", "Calls that the caller may not make, by RPC.",
            () => RpcPlaces.Select(rpc => new Measurement<long>(Interlocked.Read(ref _denials[rpc.Value]), new KeyValuePair<string, object?>("rpc", rpc.Key))));
        Counter("policym2m.pdp.overloads", "{call}", "Connections, calls and messages of streams that were turned away, being beyond a limit.", () => [new(Interlocked.Read(ref _overloads))]);
        Gauge("policym2m.pdp.watchers", "{watcher}", "Watches that are open.", () => [new(Interlocked.Read(ref _watchers))]);
        Counter("policym2m.pdp.revision.refusals", "{revision}", "Commits that could not be served: they do not compile, fail a test, or are not signed as they must be.",
            () => [new(Interlocked.Read(ref _refusals))]);
    }

    public Meter Meter { get; } = new(MeterName);

    /// <summary>Everything that is measured.</summary>
    public IReadOnlyList<Instrument> Instruments => _instruments;

    /// <summary>A request for decisions was answered.</summary>
    /// <param name="decisions">What was decided.</param>
    /// <param name="isCanary">Whether the candidate answered.</param>
    /// <param name="isSigned">Whether they were asked for signed.</param>
    /// <param name="took">How long it took.</param>
    public void Decided(ReadOnlySpan<(Decision Decision, Region Region)> decisions, bool isCanary, bool isSigned, TimeSpan took)
    {
        foreach ((Decision decision, _) in decisions)
            Interlocked.Increment(ref _decisions[Place(decision.Kind, decision.Outcome.IsDenied, isCanary, isSigned)]);
        _decideDuration.Record(took.TotalSeconds);
    }

    /// <summary>An answer of `Decide` was made.</summary>
    public void Made() => Interlocked.Increment(ref _answersMade);

    /// <summary>An answer of `Decide` was given again from memory.</summary>
    /// <param name="signed">How many signed decisions it has.</param>
    public void Again(int signed)
    {
        Interlocked.Increment(ref _answersAgain);
        Interlocked.Add(ref _decisionsAgain, signed);
    }

    /// <summary>How many signed decisions were handed out with an answer from memory.</summary>
    public long SignedAgain => Interlocked.Read(ref _decisionsAgain);

    /// <summary>A caller may not do what it asked for.</summary>
    public void Denied(string rpc) => Interlocked.Increment(ref _denials[RpcPlaces.TryGetValue(rpc, out int place) ? place : RpcPlaces[OtherRpc]]);

    /// <summary>A call or a message was beyond a limit.</summary>
    public void Overloaded() => Interlocked.Increment(ref _overloads);

    /// <summary>A commit cannot be served.</summary>
    public void RevisionRefused() => Interlocked.Increment(ref _refusals);

    /// <summary>A watch begins; it ends with what is returned.</summary>
    public Watching Watch()
    {
        Interlocked.Increment(ref _watchers);
        return new Watching(this);
    }

    /// <summary>How many decisions were handed out signed.</summary>
    public long SignedDecisions
    {
        get
        {
            long sum = 0;
            // The form is the last of the labels.
            for (int place = 1; place < _decisions.Length; place += Forms.Length)
                sum += Interlocked.Read(ref _decisions[place]);
            return sum;
        }
    }

    /// <summary>What only grows and is counted elsewhere.</summary>
    public void Counter(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> read) =>
        Add(Meter.CreateObservableCounter(name, read, unit, description));

    /// <summary>A number that goes up and down.</summary>
    public void Gauge(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> read) =>
        Add(Meter.CreateObservableGauge(name, read, unit, description));

    /// <summary>A time in seconds that goes up and down.</summary>
    public void Seconds(string name, string description, Func<IEnumerable<Measurement<double>>> read) => Add(Meter.CreateObservableGauge(name, read, "s", description));

    public void Dispose() => Meter.Dispose();

    private T Add<T>(T instrument)
        where T : Instrument
    {
        _instruments.Add(instrument);
        return instrument;
    }

    private static int Place(DecisionKind kind, bool isDenied, bool isCanary, bool isSigned) =>
        ((((int)kind * Outcomes.Length) + (isDenied ? 1 : 0)) * Sources.Length + (isCanary ? 1 : 0)) * Forms.Length + (isSigned ? 1 : 0);

    /// <summary>An open watch.</summary>
    internal sealed class Watching(PdpMetrics metrics) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref metrics._watchers);
    }
}
