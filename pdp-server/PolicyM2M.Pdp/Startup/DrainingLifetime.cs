using System.Runtime.InteropServices;
using PolicyM2M.Pdp.Sight;

namespace PolicyM2M.Pdp.Startup;

/// <summary>
/// Ends the server when it is asked to. At SIGTERM, by which service managers and clusters ask, it first says that it is not ready and goes on answering, so that load balancers send
/// their callers elsewhere before connections end; a second SIGTERM cuts that short. Ctrl+C (SIGINT) and SIGQUIT come from a person who waits, and end it at once. After that calls
/// under way are still answered.
/// </summary>
internal sealed class DrainingLifetime(IHostApplicationLifetime application, Draining draining, PdpOptions options, TimeProvider clock, ILogger<DrainingLifetime> log)
    : IHostLifetime, IDisposable
{
    private readonly List<IDisposable> _open = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _open.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Drain));
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGQUIT })
            _open.Add(PosixSignalRegistration.Create(signal, Stop));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _open.ForEach(open => open.Dispose());

    private void Drain(PosixSignalContext signal)
    {
        if (draining.IsDraining || options.Sight.Drain == TimeSpan.Zero)
        {
            Stop(signal);
            return;
        }
        signal.Cancel = true;
        draining.Begin();
        log.Draining(options.Sight.Drain.TotalSeconds);
        _open.Add(clock.CreateTimer(_ => application.StopApplication(), null, options.Sight.Drain, Timeout.InfiniteTimeSpan));
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        log.Ending(draining.IsDraining ? "asked again" : "asked");
        draining.Begin();
        application.StopApplication();
    }
}
