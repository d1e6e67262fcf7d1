using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Pdp.Startup.Configuration;

namespace PolicyM2M.Pdp.Sight;

/// <summary>Sends metrics, traces and logs to a collector by OTLP. What the standard's own variables (<c>OTEL_…</c>) say counts too, where no option says otherwise.</summary>
internal static class Telemetry
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string VariablePrefix = "OTEL_";

    /// <summary>Where they are sent; null where nowhere.</summary>
    public static string? Collector(SightOptions options) =>
        options.Otlp?.GetLeftPart(UriPartial.Authority) ?? (Environment.GetEnvironmentVariable(EndpointVariable) is { Length: > 0 } ? EndpointVariable : null);

    public static void AddTelemetry(this WebApplicationBuilder builder, SightOptions options)
    {
        if (Collector(options) is null)
        {
            // While it may log, the web server begins a span for each request, which nobody would collect. All that it logs besides is a start that failed, and that is told by whoever starts it.
            builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
            return;
        }
        // Only these: the rest of the environment must not configure the web server.
        builder.Configuration.AddInMemoryCollection(
            EnvironmentSettings.OfProcess().Where(variable => variable.Key.StartsWith(VariablePrefix, StringComparison.Ordinal))
                .Select(variable => KeyValuePair.Create(variable.Key, (string?)variable.Value)));
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("policym2m-pdp", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString()).AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddMeter(PdpMetrics.MeterName, "System.Runtime").AddOtlpExporter(Send))
            .WithTracing(traces => traces.AddSource(PdpTraces.SourceName).SetSampler(new TraceShare()).AddOtlpExporter(Send))
            .WithLogging(logs => logs.AddOtlpExporter(Send), log => log.IncludeFormattedMessage = true);

        void Send(OtlpExporterOptions exporter)
        {
            if (options.Otlp is { } collector)
                (exporter.Endpoint, exporter.Protocol) = (collector, OtlpExportProtocol.Grpc);
        }
    }

    /// <summary>
    /// Which spans are kept: all but those of decisions, of which there are too many; of them one in a hundred, and those that belong to a trace that the caller keeps.
    /// </summary>
    private sealed class TraceShare : Sampler
    {
        private const double OfDecisions = 0.01;

        private readonly TraceIdRatioBasedSampler _share = new(OfDecisions);

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            samplingParameters.Name != PdpTraces.DecideName || (samplingParameters.ParentContext.TraceFlags & System.Diagnostics.ActivityTraceFlags.Recorded) != 0
                ? new SamplingResult(SamplingDecision.RecordAndSample)
                : _share.ShouldSample(samplingParameters);
    }
}
