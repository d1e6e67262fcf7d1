using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What a gateway is told of the claims of the devices behind it.</summary>
internal sealed class ContextReadTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public async Task What_was_missing_names_its_device_and_is_told_once_for_each()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.Needed = ["device.type", "firmware.version"];
        ClaimSet whole = client.Prepare(ClientWorld.Context.With("firmware.version", AttributeValue.Of("1.0.0"))), lacking = client.Prepare(ClientWorld.Context, "plc-8");
        for (int i = 0; i < 3; i++)
        {
            await client.DecideAsync(lacking, Auth, refresh: true);
            await client.DecideAsync(whole, Auth, refresh: true);
        }
        ClientEvent.ContextRead told = world.Events.OfType<ClientEvent.ContextRead>().Single(read => !read.Missing.IsEmpty);
        Assert.That((told.Device, told.Missing.Single()), Is.EqualTo(("plc-8", "firmware.version")));
        Assert.That(world.Events.OfType<ClientEvent.ContextRead>().Count(read => read.Device == "plc-8"), Is.EqualTo(1), "the answers about another in between are no news of this one");
    }
}
