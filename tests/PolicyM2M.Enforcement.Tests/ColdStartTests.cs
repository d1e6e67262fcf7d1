using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A machine without a battery for its clock: it was off, nobody knows for how long, and its clock goes on from where it was shut down.</summary>
internal sealed class ColdStartTests
{
    [Test]
    public async Task What_is_kept_is_usable_and_not_fresh_until_a_decision_point_answers()
    {
        await using ClientWorld world = await KeptAsync();
        world.Machine = new MachineState("second start", () => false);
        await using (PolicyClient client = world.Connect())
        {
            await world.SeenAsync<ClientEvent.ClockUnknown>();
            Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
        }
        PolicyClient again = world.Connect();
        Assert.That(await ClientWorld.SourceAsync(again), Is.EqualTo(DecisionSource.Stale), "another start of the process makes nothing known");
        world.Events.Clear();
        world.Pdp = world.Pdp.Restart();
        await world.SeenAsync<ClientEvent.Connected>();
        world.Time.Advance(TimeSpan.FromSeconds(2));
        await again.DecideAsync(ClientWorld.Context, [DecisionKind.Auth], refresh: true);
        Assert.That((await again.DecideAsync(ClientWorld.Context, [DecisionKind.Rotation]))[0].Source, Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task What_is_kept_is_fresh_where_the_kernel_says_that_the_clock_was_set()
    {
        await using ClientWorld world = await KeptAsync();
        bool isSet = false;
        world.Machine = new MachineState("second start", () => isSet);
        PolicyClient client = world.Connect();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Stale));
        isSet = true;
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Cached));
    }

    [Test]
    public async Task What_is_kept_is_fresh_where_the_machine_ran_on()
    {
        await using ClientWorld world = await KeptAsync();
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Cached));
        Assert.That(world.Events.OfType<ClientEvent.ClockUnknown>(), Is.Empty);
    }

    [Test]
    public async Task A_machine_that_names_no_start_is_taken_for_one_that_was_off()
    {
        await using ClientWorld world = await KeptAsync();
        world.Machine = new MachineState(null, () => false);
        Assert.That(await ClientWorld.SourceAsync(world.Connect()), Is.EqualTo(DecisionSource.Stale));
    }

    [Test]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public void This_machine_says_which_start_it_is_and_whether_its_clock_was_set()
    {
        Assert.That(MachineState.Own.BootId, Is.EqualTo(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()));
        Assert.That(MachineState.Own.IsClockSynchronised, Throws.Nothing);
    }

    private static async Task<ClientWorld> KeptAsync()
    {
        var world = new ClientWorld();
        await using (PolicyClient first = world.Connect())
            await first.DecideAsync(ClientWorld.Context);
        await world.Pdp.KillAsync();
        return world;
    }
}
