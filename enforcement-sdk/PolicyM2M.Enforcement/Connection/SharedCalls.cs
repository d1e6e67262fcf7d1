namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Callers with one question share one call, and one that gives up ends only its own wait. The calls under way are the only state;
/// one lock guards them.
/// </summary>
internal sealed class SharedCalls<T> : IAsyncDisposable
{
    private readonly Dictionary<string, Task<T>> _underWay = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();

    /// <summary>Joins the call under way for a question, or makes it.</summary>
    /// <param name="question">What is asked: equal texts, one call.</param>
    /// <param name="call">Makes the call; its token ends it when the client is disposed.</param>
    /// <param name="cancellation">Ends the wait, and not the call.</param>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public async Task<T> ShareAsync(string question, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        Task<T>? shared;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested, typeof(PolicyClient));
            if (!_underWay.TryGetValue(question, out shared))
            {
                CancellationToken ending = _ending.Token;
                shared = Task.Run(() => CallAsync(question, call, ending), CancellationToken.None);
                _underWay[question] = shared;
            }
        }
        return await shared.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Ends the calls under way, and waits until they have.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] underWay;
        lock (_lock)
        {
            _ending.Cancel();
            underWay = [.. _underWay.Values];
        }
        // How they ended is for their callers to see.
        await Task.WhenAll(underWay).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task<T> CallAsync(string question, Func<CancellationToken, Task<T>> call, CancellationToken ending)
    {
        try
        {
            return await call(ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(PolicyClient));
        }
        finally
        {
            lock (_lock)
                _underWay.Remove(question);
        }
    }
}
