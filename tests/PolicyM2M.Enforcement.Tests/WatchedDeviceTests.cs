using Google.Protobuf;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What the memory makes of what watches tell.</summary>
internal sealed class WatchedDeviceTests
{
    private static readonly RevisionStamp First = new(new RevisionId("1111", "aaaa"), null, null), Next = new(new RevisionId("2222", "bbbb"), null, null);

    private readonly ManualTime _time = new();
    private DecisionMemory _memory = null!;
    private List<MemoryChange> _changes = null!;

    [SetUp]
    public void Begin()
    {
        _changes = [];
        _memory = new DecisionMemory(StoreContent.Empty, new DeviceClock(_time, null), "self");
        _memory.Changed += _changes.Add;
    }

    [Test]
    public void The_keys_of_decision_points_that_come_at_once_are_all_believed()
    {
        string[] points = [.. Enumerable.Range(0, 16).Select(i => $"pdp-{i}")];
        Parallel.ForEach(points, point => _memory.Trust(known => known.With(point, new TestSigner(_time).Published().Keys)));
        Assert.That((_memory.Keys.ByEndpoint.Keys.Count(), _memory.Keys.Trusted.Ids.Count()), Is.EqualTo((points.Length, points.Length)));
    }

    [Test]
    public void What_a_watch_tells_that_was_begun_before_a_refusal_gives_nothing_back()
    {
        _memory.Serve("plc-8", First, [], [], watchedSince: 1);
        _memory.Forget("plc-8", refusedAt: 2, forgottenAt: 9);
        // That was begun after the question that was refused, and before the answer came.
        _memory.Told("plc-8", 5, Statement("active"), watchedSince: 3, (10, 11));
        _memory.Serve("plc-8", First, [], [], watchedSince: 3);
        Assert.That(_memory.Slot("plc-8").Facts, Has.Property("Answers").False.And.Property("Version").Null);
        _memory.Told("plc-8", 5, Statement("active"), watchedSince: 12, (13, 14));
        _memory.Serve("plc-8", First, [], [], watchedSince: 12);
        Assert.That(_memory.Slot("plc-8").Facts, Has.Property("Served").EqualTo(First).And.Property("Statement").Not.Null, "what is said after it counts");
    }

    [TestCase("quarantined", ExpectedResult = true)]
    [TestCase("active", ExpectedResult = false)]
    public bool A_statement_that_says_otherwise_is_told_to_who_waits_for_changes_also_with_the_first_version(string state)
    {
        _memory.Slot("plc-8").Facts = new DeviceFacts("plc-8") { Served = First, Statement = Statement("active"), ConfirmedBy = 9 };
        _time.Advance(TimeSpan.FromMinutes(1));
        _memory.Told("plc-8", 5, Statement(state), watchedSince: 4, (10, 11));
        return _changes.Contains(MemoryChange.Doubtful);
    }

    [Test]
    public void Each_device_keeps_the_decisions_that_its_own_watch_names_although_another_one_told_of_the_policies_first()
    {
        foreach (string device in (string[])["plc-1", "plc-2"])
            _memory.Serve(device, First, [], [], watchedSince: 1);
        _memory.Serve("plc-1", Next, [], ["one"], watchedSince: 1);
        _memory.Serve("plc-2", Next, [], ["two"], watchedSince: 1);
        Assert.That(_memory.Slot("plc-1").Facts.Unchanged, Is.EquivalentTo(["one"]));
        Assert.That(_memory.Slot("plc-2").Facts.Unchanged, Is.EquivalentTo(["one", "two"]));
        _memory.Serve("plc-2", First, [], [], watchedSince: 1);
        Assert.That(_memory.Slot("plc-2").Facts.Unchanged, Is.Empty, "they hold under those policies only");
    }

    [Test]
    public void A_version_from_before_one_that_was_told_is_refused_while_the_statement_is_fresh()
    {
        _memory.Serve("plc-8", First, [], [], watchedSince: 1);
        _memory.Told("plc-8", 5, Statement("quarantined"), watchedSince: 1, (2, 3));
        _memory.Told("plc-8", 0, null, watchedSince: 1, (4, 5));
        _time.Advance(TimeSpan.FromMinutes(1));
        HeldStatement lagging = Statement("active");
        Assert.That(_memory.Told("plc-8", 4, lagging, watchedSince: 1, (6, 7)), Is.EqualTo((false, "the registry was at a later version of it than 4")));
        Assert.That(_memory.Slot("plc-8").Facts.Statement!.Values["lifecycle.state"].Text, Is.EqualTo("quarantined"));
        Assert.That(_memory.Told("plc-8", 6, lagging, watchedSince: 1, (8, 9)), Is.EqualTo((true, (string?)null)));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.That(_memory.Told("plc-8", 2, Statement("active"), watchedSince: 1, (10, 11)), Is.EqualTo((true, (string?)null)), "a registry that was set back");
    }

    private HeldStatement Statement(string state)
    {
        DateTimeOffset now = _time.GetUtcNow();
        var says = new ReceivedStatement("plc-8", DeviceContext.Of(new Dictionary<string, AttributeValue> { ["lifecycle.state"] = AttributeValue.Of(state) }), now, now.AddHours(1));
        return new HeldStatement(new V1.SignedPayload { Payload = ByteString.CopyFromUtf8($"{state} {now:O}") }, says, says.FreshUntil, says.ValidUntil, IsVerified: true);
    }
}
