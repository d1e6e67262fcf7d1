using Microsoft.Extensions.Diagnostics.HealthChecks;
using PolicyM2M.Pdp.Sight.Metrics;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Sight;

/// <summary>Puts the parts together by which the server is seen, and ends.</summary>
internal static class SightSetup
{
    /// <summary>How often who watches the health of gRPC is told of it.</summary>
    private static readonly TimeSpan HealthPeriod = TimeSpan.FromSeconds(1);

    public static void AddSight(this WebApplicationBuilder builder, SightOptions options, Func<IServiceProvider, MonitorListener>? monitor)
    {
        builder.Services.AddSingleton<Draining>().AddSingleton<Readiness>().AddSingleton<IHostLifetime, DrainingLifetime>().AddSingleton<PdpMetrics>();
        builder.Services.Configure<HealthCheckPublisherOptions>(health => (health.Delay, health.Period) = (TimeSpan.Zero, HealthPeriod));
        // It would tell at every look that the server is not ready; why it is not is told once, by whoever found out.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        builder.AddTelemetry(options);
        if (monitor is not null)
            builder.Services.AddSingleton(monitor).AddHostedService(services => services.GetRequiredService<MonitorListener>());
    }

    /// <summary>Begins to measure a server, before it listens.</summary>
    public static void ObserveSight(this WebApplication server) => server.Services.GetRequiredService<PdpMetrics>().Observe(server.Services);

    /// <summary>Says where it can be seen.</summary>
    public static void TellSight(this WebApplication server, SightOptions options)
    {
        if (server.Services.GetService<MonitorListener>() is { } monitor)
            server.Logger.Monitoring(monitor.Address);
        if (Telemetry.Collector(options) is { } collector)
            server.Logger.Exporting(collector);
    }
}
