using System.Globalization;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry.Tests;

/// <summary>A decision point with a hundred thousand devices must stay small.</summary>
[TestFixture(Backend.Sqlite)]
[TestFixture(Backend.Postgres)]
[NonParallelizable]
[CancelAfter(300_000)]
public sealed class MemoryTests(Backend backend)
{
    private const int Kinds = 40;

    [TestCase(10_000, false, 260)]
    [TestCase(10_000, true, 800)]
    [TestCase(100_000, false, 260, Explicit = true)]
    [TestCase(100_000, true, 800, Explicit = true)]
    public async Task A_device_with_twelve_attributes_takes_few_bytes_and_fewer_where_others_are_like_it(int devices, bool isEachUnique, long bytesAtMost)
    {
        await using var world = new StoreWorld(backend);
        DeviceStore store = await world.ReadyStoreAsync();
        TimeSpan writing = await Task.Run(() => WriteAsync(store, devices, isEachUnique));

        var replica = new DeviceReplica(store);
        long before = Held();
        long began = TimeProvider.System.GetTimestamp();
        await Task.Run(() => replica.SynchronizeAsync());
        TimeSpan loading = TimeProvider.System.GetElapsedTime(began);
        long each = (Held() - before) / devices;

        // A measurement for those who read it; only memory is judged, since times are those of the machine.
        await TestContext.Out.WriteLineAsync($"{each} bytes a device; written in {writing.TotalSeconds:F1} s, loaded in {loading.TotalSeconds:F1} s");
        Assert.That(replica.Registry.Count, Is.EqualTo(devices));
        Assert.That(each, Is.LessThanOrEqualTo(bytesAtMost));
        GC.KeepAlive(replica);
    }

    private static long Held()
    {
        // What drivers left to their finalizers goes only after those have run.
        for (int i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>By itself, so that nothing of it is still held when memory is measured.</summary>
    private static async Task<TimeSpan> WriteAsync(DeviceStore store, int devices, bool isEachUnique)
    {
        long began = TimeProvider.System.GetTimestamp();
        Written written = await store.ChangeAllAsync([.. Enumerable.Range(0, devices).Select(i => ($"plc-{i:D6}", (DeviceChange)Device(i, isEachUnique)))], StoreWorld.Operator, Writing.AllOrNothing);
        Assert.That(written.Changed, Is.EqualTo(devices));
        return TimeProvider.System.GetElapsedTime(began);
    }

    private static DeviceChange.Upsert Device(int i, bool isUnique)
    {
        int kind = i % Kinds;
        return new DeviceChange.Upsert(LifecycleState.Active, $"plant-{i % 97}", i % 100, StoreWorld.Attributes(
            ("device.type", AttributeValue.Of("plc")), ("device.manufacturer", AttributeValue.Of($"maker {kind % 7}")), ("device.model.identifier", AttributeValue.Of($"model {kind}")),
            ("safety.level", AttributeValue.Of(kind % 4)), ("approval.tls12", AttributeValue.Of(kind % 3 == 0)), ("approval.control", AttributeValue.Of(kind % 2 == 0)),
            ("credential.class", AttributeValue.Of("ldevid")), ("credential.compromised", AttributeValue.Of(false)), ("boot.secure", AttributeValue.Of(true)),
            ("debug.status", AttributeValue.Of("disabled")), ("key.protection", AttributeValue.Of("tee")),
            ("asset.tag", AttributeValue.Of(isUnique ? i.ToString("X8", CultureInfo.InvariantCulture) : "none"))));
    }
}
