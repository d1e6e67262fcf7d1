using System.Runtime;

namespace PolicyM2M.Agent.Tests;

/// <summary>One at a time: the heap is the whole process's.</summary>
[NonParallelizable]
internal sealed class ProcessHeapTests
{
    private const long Stored = 400_000;

    [Test]
    public void Nothing_is_collected_while_a_store_is_read_and_after_it_everything_is_as_before()
    {
        GCLatencyMode before = GCSettings.LatencyMode;
        (GCLatencyMode during, int collected) = ProcessHeap.Fill(Stored, () =>
        {
            int collections = GC.CollectionCount(0);
            Allocate(Stored);
            return (GCSettings.LatencyMode, GC.CollectionCount(0) - collections);
        });
        Assert.That(during, Is.EqualTo(GCLatencyMode.NoGCRegion));
        Assert.That(collected, Is.Zero);
        Assert.That(GCSettings.LatencyMode, Is.EqualTo(before));
    }

    [TestCase(0)]
    [TestCase(1_000)]
    public void For_a_small_store_the_collector_is_left_alone(long stored) =>
        Assert.That(ProcessHeap.Fill(stored, () => GCSettings.LatencyMode), Is.Not.EqualTo(GCLatencyMode.NoGCRegion));

    [Test]
    public void A_store_that_takes_more_than_was_thought_is_read_all_the_same()
    {
        Assert.That(ProcessHeap.Fill(Stored, () =>
        {
            Allocate(Stored * 500);
            return 7;
        }), Is.EqualTo(7));
        Assert.That(GCSettings.LatencyMode, Is.Not.EqualTo(GCLatencyMode.NoGCRegion));
    }

    [Test]
    public void A_store_that_cannot_be_read_leaves_the_collector_as_it_was()
    {
        Assert.That(() => ProcessHeap.Fill<int>(Stored, () => throw new IOException("gone")), Throws.TypeOf<IOException>());
        Assert.That(GCSettings.LatencyMode, Is.Not.EqualTo(GCLatencyMode.NoGCRegion));
    }

    [Test]
    public void Who_holds_the_heap_already_goes_on_holding_it()
    {
        Assert.That(ProcessHeap.Fill(Stored, () => ProcessHeap.Fill(Stored, () => 7)), Is.EqualTo(7));
        Assert.That(GCSettings.LatencyMode, Is.Not.EqualTo(GCLatencyMode.NoGCRegion));
    }

    private static void Allocate(long bytes)
    {
        for (long done = 0; done < bytes; done += 1_000)
            GC.KeepAlive(new byte[1_000]);
    }
}
