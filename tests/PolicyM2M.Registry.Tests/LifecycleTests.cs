namespace PolicyM2M.Registry.Tests;

/// <summary>The truth table of the lifecycle, written by hand, so that a slip in the product's own table shows.</summary>
[TestFixture]
public sealed class LifecycleTests
{
    private const string Table = """
                      manufactured onboarding active quarantined retired
        manufactured  yes          yes        no     yes         yes
        onboarding    no           yes        yes    yes         yes
        active        no           yes        yes    yes         yes
        quarantined   no           yes        yes    yes         yes
        retired       no           no         no     no          yes
        """;

    private static IEnumerable<TestCaseData> Moves()
    {
        string[][] rows = [.. Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        return rows.Skip(1).SelectMany(row => row.Skip(1).Select((may, column) => new TestCaseData(row[0], rows[0][column], may == "yes")));
    }

    [TestCaseSource(nameof(Moves))]
    public void A_state_may_follow_another_where_the_table_says_so(string from, string to, bool may)
    {
        Assert.That(LifecycleStates.TryParse(from, out LifecycleState before) & LifecycleStates.TryParse(to, out LifecycleState after), Is.True);
        var device = new Device("plc-1", before, null, null, null, DeviceAttributes.None, 1, default);

        foreach (DeviceChange change in new DeviceChange[] { new DeviceChange.SetState(after), new DeviceChange.Upsert(after, null, null, DeviceAttributes.None) })
        {
            if (may)
                Assert.That(change.Apply("plc-1", device, default)!.State, Is.EqualTo(after));
            else
                Assert.That(() => change.Apply("plc-1", device, default), Throws.TypeOf<DeviceRefusedException>().With.Message.StartsWith($"`plc-1` is {from}, and {to} cannot follow; what can: "));
        }
    }

    [Test]
    public void A_retired_device_comes_back_by_being_reinstated_and_begins_anew()
    {
        var device = new Device("plc-1", LifecycleState.Retired, "s", 7, null, DeviceAttributes.None, 1, default);

        Assert.That(new DeviceChange.Reinstate("bought back").Apply("plc-1", device, default), Is.EqualTo(device with { State = LifecycleState.Onboarding }));
    }

    [Test]
    public void Every_word_is_that_of_its_state() =>
        Assert.That(LifecycleStates.All, Is.EqualTo(Enum.GetValues<LifecycleState>().Select(state => state.ToString().ToLowerInvariant())));
}
