using PolicyM2M.Audit.Appending;

namespace PolicyM2M.Audit.Tests.Appending;

/// <summary>The thread that waits for the disk in the place of those that answer.</summary>
[CancelAfter(30_000)]
internal sealed class DiskThreadTests
{
    [Test]
    public async Task Work_is_done_in_order_on_one_thread_that_is_not_of_the_pool(CancellationToken cancellation)
    {
        using var disk = new DiskThread();
        List<int> order = [];
        Thread[] threads = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => disk.RunAsync(() =>
        {
            order.Add(number);
            return Thread.CurrentThread;
        }))).WaitAsync(cancellation);

        Assert.Multiple(() =>
        {
            Assert.That(order, Is.EqualTo(Enumerable.Range(0, 200)));
            Assert.That(threads.Distinct().Count(), Is.EqualTo(1));
            Assert.That(threads[0].IsThreadPoolThread, Is.False);
            Assert.That(threads[0].IsBackground, "a disk that hangs keeps no process alive");
        });
    }

    [Test]
    public async Task What_fails_is_told_to_who_waits_for_it_and_the_thread_goes_on(CancellationToken cancellation)
    {
        using var disk = new DiskThread();
        Thread before = await disk.RunAsync(() => Thread.CurrentThread).WaitAsync(cancellation);
        Task<int> failing = disk.RunAsync<int>(() => throw new IOException("the disk is gone"));
        Task<Thread> next = disk.RunAsync(() => Thread.CurrentThread);

        Assert.That(async () => await failing.WaitAsync(cancellation), Throws.TypeOf<IOException>().With.Message.EqualTo("the disk is gone"));
        Assert.That(await next.WaitAsync(cancellation), Is.SameAs(before));
    }

    [Test]
    public async Task Who_waits_goes_on_elsewhere_and_holds_nobody_up(CancellationToken cancellation)
    {
        using var disk = new DiskThread();
        using var mayEnd = new ManualResetEventSlim();
        Task<Thread> work = disk.RunAsync(() =>
        {
            mayEnd.Wait(cancellation);
            return Thread.CurrentThread;
        });
        Task<Thread> goingOn = work.ContinueWith(_ => Thread.CurrentThread, cancellation, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        mayEnd.Set();
        Assert.That(await goingOn.WaitAsync(cancellation), Is.Not.SameAs(await work.WaitAsync(cancellation)));
    }

    [Test]
    public async Task What_is_in_line_when_it_is_ended_is_done_and_then_the_thread_ends(CancellationToken cancellation)
    {
        var disk = new DiskThread();
        using var mayEnd = new ManualResetEventSlim();
        Task<Thread> first = disk.RunAsync(() =>
        {
            mayEnd.Wait(cancellation);
            return Thread.CurrentThread;
        });
        Task<int>[] inLine = [.. Enumerable.Range(0, 10).Select(number => disk.RunAsync(() => number))];
        disk.Dispose();
        Assert.That(inLine.Select(work => work.IsCompleted), Has.All.False);

        mayEnd.Set();
        Assert.That(await Task.WhenAll(inLine).WaitAsync(cancellation), Is.EqualTo(Enumerable.Range(0, 10)));
        Assert.That((await first).Join(TimeSpan.FromSeconds(30)), "the thread ends");
    }

    [Test]
    public async Task A_thread_that_sleeps_ends_as_well_and_takes_nothing_more(CancellationToken cancellation)
    {
        var disk = new DiskThread();
        Thread thread = await disk.RunAsync(() => Thread.CurrentThread).WaitAsync(cancellation);
        disk.Dispose();
        Assert.That(thread.Join(TimeSpan.FromSeconds(30)), "the thread ends");
        Assert.That(() => { _ = disk.RunAsync(() => 0); }, Throws.TypeOf<ObjectDisposedException>(), "who gave it something to do would wait for ever");
    }

    [Test]
    public async Task Of_two_who_give_it_work_at_once_nothing_is_lost_and_each_is_served_in_order(CancellationToken cancellation)
    {
        const int Each = 20_000;
        using var disk = new DiskThread();
        using var both = new Barrier(2);
        List<int>[] done = [[], []];
        Task<int[]>[] callers = [.. done.Select(mine => Task.Factory.StartNew(() =>
        {
            both.SignalAndWait(cancellation);
            return Task.WhenAll(Enumerable.Range(0, Each).Select(number => disk.RunAsync(() =>
            {
                mine.Add(number);
                return number;
            })));
        }, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap())];

        int[][] told = await Task.WhenAll(callers).WaitAsync(cancellation);
        Assert.That(told, Has.All.EqualTo(Enumerable.Range(0, Each)));
        Assert.That(done, Has.All.EqualTo(Enumerable.Range(0, Each)));
    }
}
