using System.Diagnostics.Metrics;
using System.Text;

namespace PolicyM2M.Pdp.Sight.Metrics;

/// <summary>
/// Reads the metrics of one server, and those of the runtime it is on, when Prometheus asks. What is observed is read then; durations are counted as they come, without a lock and without
/// garbage. Safe for all threads: one page is made at a time.
/// </summary>
internal sealed class PrometheusReader : IDisposable
{
    /// <summary>The runtime's own: memory, garbage collection, processor time, threads.</summary>
    private const string RuntimeMeter = "System.Runtime";

    /// <summary>Those of a histogram that was made without any, as the specification of OpenTelemetry has them for its SDKs.</summary>
    private static readonly double[] DefaultBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private readonly PdpMetrics _metrics;
    private readonly Dictionary<Instrument, List<(KeyValuePair<string, object?>[] Labels, double Value)>> _observed = [];
    private readonly Dictionary<Instrument, Durations> _durations = [];

    public PrometheusReader(PdpMetrics metrics)
    {
        _metrics = metrics;
        _listener.InstrumentPublished = Follow;
        _listener.SetMeasurementEventCallback<double>(Take);
        _listener.SetMeasurementEventCallback<long>((instrument, value, labels, state) => Take(instrument, value, labels, state));
        _listener.SetMeasurementEventCallback<int>((instrument, value, labels, state) => Take(instrument, value, labels, state));
        _listener.Start();
    }

    /// <summary>All values as they are now.</summary>
    public string Read()
    {
        lock (_lock)
        {
            foreach (var values in _observed.Values)
                values.Clear();
            _listener.RecordObservableInstruments();
            var page = new StringBuilder();
            foreach (Instrument instrument in _observed.Keys.Concat(_durations.Keys).OrderBy(instrument => instrument.Name, StringComparer.Ordinal))
                Write(page, instrument);
            return page.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Follow(Instrument instrument, MeterListener listener)
    {
        bool isOurs = ReferenceEquals(instrument.Meter, _metrics.Meter);
        if (!isOurs && (instrument.Meter.Name != RuntimeMeter || !instrument.IsObservable))
            return;
        lock (_lock)
        {
            if (instrument.IsObservable)
                _observed[instrument] = [];
            else
                _durations[instrument] = new Durations(BoundsOf(instrument));
            listener.EnableMeasurementEvents(instrument, instrument.IsObservable ? null : _durations[instrument]);
        }
    }

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Instrument<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Instrument<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        Instrument<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => DefaultBounds,
    };

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels, object? state)
    {
        if (state is Durations durations)
            durations.Add(value);
        // What is observed comes only from Read, under its lock.
        else if (_observed.TryGetValue(instrument, out var values))
            values.Add((labels.ToArray(), value));
    }

    private void Write(StringBuilder page, Instrument instrument)
    {
        page.Head(instrument);
        string name = PrometheusText.NameOf(instrument);
        if (_durations.TryGetValue(instrument, out Durations? durations))
        {
            durations.Write(page, name);
            return;
        }
        foreach ((KeyValuePair<string, object?>[] labels, double value) in _observed[instrument])
            page.Sample(name, labels, value);
    }

    /// <summary>How many durations fell within each bound.</summary>
    private sealed class Durations(double[] bounds)
    {
        private const double NanosecondsPerSecond = 1e9;

        private readonly long[] _counts = new long[bounds.Length + 1];
        private long _nanoseconds;

        public void Add(double seconds)
        {
            int place = 0;
            while (place < bounds.Length && seconds > bounds[place])
                place++;
            Interlocked.Increment(ref _counts[place]);
            Interlocked.Add(ref _nanoseconds, (long)(seconds * NanosecondsPerSecond));
        }

        public void Write(StringBuilder page, string name)
        {
            long count = 0;
            for (int place = 0; place < _counts.Length; place++)
            {
                count += Interlocked.Read(ref _counts[place]);
                page.Sample($"{name}_bucket", [new("le", PrometheusText.Number(place < bounds.Length ? bounds[place] : double.PositiveInfinity))], count);
            }
            page.Sample($"{name}_sum", [], Interlocked.Read(ref _nanoseconds) / NanosecondsPerSecond).Sample($"{name}_count", [], count);
        }
    }
}
