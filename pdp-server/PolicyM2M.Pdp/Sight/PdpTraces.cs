using System.Diagnostics;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Sight;

/// <summary>The spans of traces: what was decided, activated and fetched, and how long it took. Where nobody collects them there are none.</summary>
internal static class PdpTraces
{
    public const string SourceName = "PolicyM2M.Pdp";

    /// <summary>The span of a request for decisions.</summary>
    public const string DecideName = "decide";

    public static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins the span of a request for decisions. It says nothing of the device: who may read traces need not be who may read the audit log.</summary>
    public static Activity? Decide(DecisionForm form) => Source.StartActivity(DecideName, ActivityKind.Server)?.SetTag("policym2m.form", form.ToString());
}
