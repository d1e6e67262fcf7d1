using System.Runtime.InteropServices;

namespace PolicyM2M.Pdp.Startup;

/// <summary>
/// Hears that the process is asked to end, from its first line on: the server's own handlers (<see cref="DrainingLifetime"/>) are there only once it listens. Whoever asks a second time while it starts gets what
/// the system does without it, so that a step which cannot be cut short is no reason to wait.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _signals;

    public StopRequest() =>
        _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, Ask))];

    /// <summary>Ends what the start is at.</summary>
    public CancellationToken Token => _asked.Token;

    /// <summary>The source stays: a signal that comes now must still find it.</summary>
    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());

    private void Ask(PosixSignalContext signal)
    {
        signal.Cancel |= !_asked.IsCancellationRequested;
        _asked.Cancel();
    }
}
