using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a handler of events does to the client that tells it.</summary>
internal sealed class HandlerTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public async Task One_that_throws_ends_no_watch_and_hears_of_it_once()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect(with: options => options with
        {
            OnEvent = happened =>
            {
                world.Events.Enqueue(happened);
                if (happened is ClientEvent.Connected or ClientEvent.RevisionChanged)
                    throw new InvalidOperationException("a defect");
            },
        });
        await client.DecideAsync(ClientWorld.Context, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        world.Script.Publish(new RevisionId("2222", "bbbb"));
        await world.SeenAsync<ClientEvent.RevisionChanged>(told => told.Revision.CommitId == "2222");
        world.Script.Publish(new RevisionId("3333", "cccc"));
        await world.SeenAsync<ClientEvent.RevisionChanged>(told => told.Revision.CommitId == "3333");
        Assert.That(world.Events.OfType<ClientEvent.HousekeepingFailed>().Select(failed => failed.Reason), Is.EqualTo(new[] { "the handler of events failed: a defect" }));
    }

    [Test]
    public async Task Whoever_gets_what_is_kept_does_not_wait_while_the_store_is_written()
    {
        await using var world = new ClientWorld();
        using var isWriting = new ManualResetEventSlim();
        using var isOver = new ManualResetEventSlim();
        PolicyClient client = world.Connect(with: options => options with
        {
            OnEvent = happened =>
            {
                world.Events.Enqueue(happened);
                // A disk that takes its time: the writer tells of it while it writes.
                if (happened is not ClientEvent.CacheNotWritten)
                    return;
                isWriting.Set();
                isOver.Wait(TimeSpan.FromMinutes(1));
            },
        });
        ClaimSet claims = client.Prepare(ClientWorld.Context);
        await client.DecideAsync(claims, Auth);
        await world.SeenAsync<ClientEvent.Connected>();
        Directory.Delete(Path.GetDirectoryName(world.CachePath)!, recursive: true);
        world.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.That(await Task.Run(() => isWriting.Wait(TimeSpan.FromMinutes(1))), Is.True);
        // The bound only keeps a client that waits from hanging the suite.
        Task<DeviceDecision> answered = Task.Run(async () => (await client.DecideAsync(claims, Auth))[0]);
        await Task.WhenAny(answered, Task.Delay(TimeSpan.FromSeconds(10)));
        bool isAnswered = answered.IsCompleted;
        isOver.Set();
        Assert.That((isAnswered, (await answered).Source), Is.EqualTo((true, DecisionSource.Cached)));
    }
}
