namespace PolicyM2M.Audit.Appending;

/// <summary>
/// A thread of its own for what waits for a disk, one thing after the other. Those of the pool, of which a small machine has two, are there to answer: while one waits for a flush, and the other for a compiler, nobody
/// is answered until the pool finds out, which takes half a second.
/// </summary>
internal sealed class DiskThread : IDisposable
{
    /// <summary>Whoever waits for it sleeps at once: a `BlockingCollection` first spins for a while, which is half as much as what there is to be done.</summary>
    private readonly object _changed = new();

    private readonly Queue<Action> _work = [];
    private bool _isEnding;

    /// <summary>Begins it. It keeps no process alive: a disk that hangs may never answer.</summary>
    public DiskThread() => new Thread(Run) { IsBackground = true, Name = "audit log" }.Start();

    /// <summary>Does something once all before it is done.</summary>
    /// <exception cref="ObjectDisposedException">It was ended: nobody would do it, and who waits for it would wait for ever.</exception>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception fault)
            {
                // The edge of the thread: whoever waits for the work is told.
                done.SetException(fault);
            }
        });
        return done.Task;
    }

    /// <summary>Ends it, once all is done.</summary>
    public void Dispose()
    {
        lock (_changed)
        {
            _isEnding = true;
            Monitor.Pulse(_changed);
        }
    }

    private void Add(Action work)
    {
        lock (_changed)
        {
            ObjectDisposedException.ThrowIf(_isEnding, this);
            _work.Enqueue(work);
            Monitor.Pulse(_changed);
        }
    }

    private void Run()
    {
        while (Next() is { } work)
            work();
    }

    private Action? Next()
    {
        lock (_changed)
        {
            while (_work.Count == 0 && !_isEnding)
                Monitor.Wait(_changed);
            return _work.TryDequeue(out Action? work) ? work : null;
        }
    }
}
