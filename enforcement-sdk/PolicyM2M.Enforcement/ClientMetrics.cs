using System.Diagnostics.Metrics;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement;

/// <summary>The numbers that clients of this process give to whoever listens, by <c>System.Diagnostics.Metrics</c>. Names of devices are in none of them: a fleet would make too many.</summary>
internal static class ClientMetrics
{
    private static readonly Meter Meter = new("PolicyM2M.Enforcement");

    private static readonly Counter<long> DecisionCounter = Meter.CreateCounter<long>("policym2m.client.decisions", "{decision}", "Answers given, by kind and source.");
    private static readonly Counter<long> TransitionCounter = Meter.CreateCounter<long>("policym2m.client.transitions", "{transition}", "Changes of where answers come from, by kind, from and to.");
    private static readonly Counter<long> CallCounter = Meter.CreateCounter<long>("policym2m.client.calls", "{call}", "Calls of a decision point, by result: answered, refused, unreachable.");
    private static readonly Counter<long> FailoverCounter = Meter.CreateCounter<long>("policym2m.client.endpoint.changes", "{change}", "Changes of the decision point that is asked.");
    private static readonly Counter<long> StoreWriteCounter = Meter.CreateCounter<long>("policym2m.client.store.writes", "{write}", "Writes of the store.");
    private static readonly Gauge<double> CertificateGauge = Meter.CreateGauge<double>("policym2m.client.certificate.left", "s", "How long the certificate in use is valid yet; negative once it has ended.");
    private static readonly Counter<long> HandlerFailureCounter = Meter.CreateCounter<long>("policym2m.client.handler.failures", "{failure}", "Handlers of events that threw.");

    /// <summary>Costs a read of a flag where nobody listens.</summary>
    public static void Decided(DecisionKind kind, DecisionSource source)
    {
        if (DecisionCounter.Enabled)
            DecisionCounter.Add(1, new("kind", kind.Name()), new("source", source.Name()));
    }

    public static void Changed(DecisionKind kind, DecisionSource? from, DecisionSource to) =>
        TransitionCounter.Add(1, new("kind", kind.Name()), new("from", from is { } before ? before.Name() : "none"), new("to", to.Name()));

    public static void Called(string result) => CallCounter.Add(1, new KeyValuePair<string, object?>("result", result));

    public static void EndpointChanged() => FailoverCounter.Add(1);

    public static void StoreWritten() => StoreWriteCounter.Add(1);

    public static void CertificateLeft(TimeSpan left) => CertificateGauge.Record(left.TotalSeconds);

    public static void HandlerFailed() => HandlerFailureCounter.Add(1);
}
