using System.Collections.Concurrent;

namespace PolicyM2M.Audit.Appending;

/// <summary>
/// A thread of its own for what waits for a disk, one thing after the other. Those of the pool, of which a small machine has two, are there to answer: while one waits for a flush, and the other for a compiler, nobody
/// is answered until the pool finds out, which takes half a second.
/// </summary>
internal sealed class DiskThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    /// <summary>Begins it. It keeps no process alive: a disk that hangs may never answer.</summary>
    public DiskThread() => new Thread(Run) { IsBackground = true, Name = "audit log" }.Start();

    /// <summary>Does something once all before it is done.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
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
    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        foreach (Action work in _work.GetConsumingEnumerable())
            work();
    }
}
