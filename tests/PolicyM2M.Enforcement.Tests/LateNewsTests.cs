using Grpc.Core;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>News that a stream still holds when a device is refused: it was said before that, and gives nothing back. The handler of events holds the streams up.</summary>
internal sealed class LateNewsTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    private TaskCompletionSource _isHeld = null!, _release = null!;

    [SetUp]
    public void Begin() => (_isHeld, _release) = (new TaskCompletionSource(), new TaskCompletionSource());

    [TestCase("plc-8", TestName = "News that is being taken")]
    [TestCase("plc-9", TestName = "News behind that of another device")]
    public async Task Of_a_device_behind_a_gateway(string held)
    {
        await using var world = new ClientWorld();
        PolicyClient client = Connect(world, held);
        ClaimSet refused = client.Prepare(ClientWorld.Context, "plc-8"), other = client.Prepare(ClientWorld.Context, "plc-9");
        await client.DecideAsync(refused, Auth);
        await client.DecideAsync(other, Auth);
        await Until(() => world.Script.Watched.Length == 3);

        Change(world, held);
        await _isHeld.Task;
        Change(world, "plc-8");
        world.Script.Refuses = StatusCode.PermissionDenied;
        await client.DecideAsync(refused, Auth, refresh: true);
        _release.SetResult();
        world.Events.Clear();
        Change(world, "plc-9");
        await world.SeenAsync<ClientEvent.DeviceChanged>(changed => changed.Device == "plc-9");
        await world.Pdp.KillAsync();
        Assert.That((await SourceAsync(client, refused), await SourceAsync(client, other)), Is.EqualTo((DecisionSource.Denied, DecisionSource.Stale)));
    }

    [Test]
    public async Task Of_this_device_whose_stream_is_begun_anew()
    {
        await using var world = new ClientWorld();
        PolicyClient client = Connect(world, "plc-1");
        ClaimSet own = client.Prepare(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        await client.DecideAsync(own, Auth);

        Change(world, "");
        await _isHeld.Task;
        world.Script.Refuses = StatusCode.PermissionDenied;
        await client.DecideAsync(own, Auth, refresh: true);
        world.Script.Refuses = null;
        world.Events.Clear();
        // In other words: one reason is told once.
        world.Script.RefusesWatch = StatusCode.Unauthenticated;
        _release.SetResult();
        await world.SeenAsync<ClientEvent.Refused>();
        await world.Pdp.KillAsync();
        Assert.That(await SourceAsync(client, own), Is.EqualTo(DecisionSource.Denied));
    }

    private PolicyClient Connect(ClientWorld world, string held) => world.Connect(with: options => options with
    {
        OnEvent = happened =>
        {
            world.Events.Enqueue(happened);
            if (happened is not ClientEvent.DeviceChanged changed || changed.Device != held || !_isHeld.TrySetResult())
                return;
            _release.Task.Wait();
        },
    });

    private static void Change(ClientWorld world, string device)
    {
        world.Script.Versions[device] = world.Script.Versions.GetValueOrDefault(device, world.Script.DeviceVersion) + 1;
        world.Script.Publish(world.Script.Revision);
    }

    private static async Task<DecisionSource> SourceAsync(PolicyClient client, ClaimSet claims) => (await client.DecideAsync(claims, Auth))[0].Source;

    /// <summary>The state itself is waited for; the bound only keeps a broken client from hanging the suite.</summary>
    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 1500 && !holds(); i++)
            await Task.Delay(20);
        Assert.That(holds(), Is.True);
    }
}
