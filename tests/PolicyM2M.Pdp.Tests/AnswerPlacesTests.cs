using Microsoft.Extensions.DependencyInjection;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Services;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>Which of many answers are remembered, and that those which were made ready come in one piece. The same request of other callers has the same group for certain.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class AnswerPlacesTests
{
    private const string Policy = """
        policy baseline "What the tests need."

        cipher-suites {
          otherwise use { versions 1.3  suites TLS_AES_256_GCM_SHA384  fresh-for 1h  usable-for 3d }
        }

        """;

    private const int GroupSize = 16, Places = 8_192;

    private RunningPdp _pdp = null!;
    private AnswerMemory.Entry _one = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _pdp = RunningPdp.Prepare();
        _pdp.Git.Commit("Fresh for an hour", [.. TestPolicies.Files(), ("policies/baseline.m2m", Policy)]);
        _pdp.WriteRegistry(TestRegistry.Json);
        await _pdp.StartServerAsync();
        await _pdp.DecisionsAs("device").DecideAsync(new DecideRequest { Form = DecisionForm.Signed, Kinds = { DecisionKind.CipherSuites } });
        _one = _pdp.Server.Services.GetRequiredService<AnswerMemory>().Latest(_pdp.Server.Services.GetRequiredService<RevisionState>().Current).Single();
    }

    [OneTimeTearDown]
    public async Task Stop() => await _pdp.DisposeAsync();

    [Test]
    public void The_seventeenth_of_a_group_pushes_out_the_oldest_wherever_that_stands_and_the_sixteen_others_are_found() => SeededProperty.Holds(20, random =>
    {
        var memory = new AnswerMemory();
        int[] ages = [.. Enumerable.Range(1, GroupSize)];
        random.Shuffle(ages);
        AnswerMemory.Entry[] entries = [.. ages.Append(0).Select((age, number) => Of($"device-{number}", age))];
        foreach (AnswerMemory.Entry entry in entries[..GroupSize])
            Keep(memory, entry);
        Assert.That(entries.Select(entry => Found(memory, entry)), Is.EqualTo(entries[..GroupSize].Append(null)));

        Keep(memory, entries[GroupSize]);
        int oldest = Array.IndexOf(ages, GroupSize);
        Assert.That(entries.Select(entry => Found(memory, entry)), Is.EqualTo(entries.Select((entry, number) => number == oldest ? null : entry)));
    });

    [Test]
    public void Who_asks_again_takes_its_own_place_and_pushes_nobody_out()
    {
        var memory = new AnswerMemory();
        AnswerMemory.Entry[] entries = [.. Enumerable.Range(0, GroupSize).Select(number => Of($"device-{number}", GroupSize - number))];
        foreach (AnswerMemory.Entry entry in entries)
            Keep(memory, entry);

        entries[5] = Of("device-5", 0);
        Keep(memory, entries[5]);
        Assert.That(entries.Select(entry => Found(memory, entry)), Is.EqualTo(entries));
    }

    [Test]
    public void Of_many_more_requests_than_there_are_places_all_places_are_taken_and_what_is_in_them_is_found()
    {
        var memory = new AnswerMemory();
        AnswerMemory.Entry[] entries = [.. Enumerable.Range(0, Places * 8).Select(number => Of("device", Places * 8 - number, BitConverter.GetBytes(number)))];
        foreach (AnswerMemory.Entry entry in entries)
            Keep(memory, entry);

        AnswerMemory.Entry[] remembered = [.. Latest(memory)];
        Assert.Multiple(() =>
        {
            Assert.That(remembered, Has.Length.EqualTo(Places));
            Assert.That(remembered.Count(entry => ReferenceEquals(Found(memory, entry), entry)), Is.EqualTo(Places));
            Assert.That(entries.Count(entry => Found(memory, entry) is not null), Is.EqualTo(Places));
            Assert.That(entries[^GroupSize..].Select(entry => Found(memory, entry)), Is.EqualTo(entries[^GroupSize..]), "the last are in no group that is full of later ones");
        });
    }

    [TestCase(2_048, true), TestCase(2_049, false)]
    public void What_is_longer_than_devices_ask_is_not_remembered(int length, bool isRemembered)
    {
        var memory = new AnswerMemory();
        AnswerMemory.Entry entry = Of("device", 0, new byte[length]);
        Keep(memory, entry);
        Assert.That(Found(memory, entry), Is.EqualTo(isRemembered ? entry : null));
    }

    [Test]
    public void What_was_made_ready_is_in_the_place_of_all_others_once_it_is_said_and_not_before()
    {
        var memory = new AnswerMemory();
        AnswerMemory.Entry before = Of("before", 2, [1]), after = Of("after", 2, [2]);
        AnswerMemory.Entry[] ready = [.. Enumerable.Range(0, 100).Select(number => Of("ready", 1, BitConverter.GetBytes(number)))];
        AnswerMemory.Entry ended = Of("ended", 1, [3]);
        ended = ended with { Answered = ended.Answered with { Until = ended.Answered.MadeAt } };
        Keep(memory, before);

        Action put = memory.Prepare([.. ready, ended]);
        Keep(memory, after);
        Assert.That(Latest(memory), Is.EquivalentTo(new[] { before, after }));

        put();
        Assert.That(Latest(memory), Is.EquivalentTo(ready));
        Assert.That(ready.Select(entry => Found(memory, entry)), Is.EqualTo(ready));
        Assert.That(new[] { before, after, ended }.Select(entry => Found(memory, entry)), Is.All.Null);
    }

    [Test]
    public async Task Who_looks_while_it_is_put_in_place_sees_all_of_it_or_none(CancellationToken cancellation)
    {
        var memory = new AnswerMemory();
        AnswerMemory.Entry[] one = [.. Enumerable.Range(0, 300).Select(number => Of("one", 1, BitConverter.GetBytes(number)))];
        AnswerMemory.Entry[] other = [.. Enumerable.Range(0, 300).Select(number => Of("other", 1, BitConverter.GetBytes(number)))];
        memory.Prepare(one)();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task putting = Task.Run(() =>
        {
            while (!ending.IsCancellationRequested)
            {
                memory.Prepare(other)();
                memory.Prepare(one)();
            }
        }, cancellation);

        var seen = new HashSet<string>();
        for (int look = 0; look < 300 || seen.Count < 2; look++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (IGrouping<string, AnswerMemory.Entry> together in Latest(memory).GroupBy(entry => entry.Answered.Caller.Name))
            {
                seen.Add(together.Key);
                Assert.That(together.Count(), Is.EqualTo(300), together.Key);
            }
        }
        await ending.CancelAsync();
        await putting;
        Assert.That(seen, Is.EquivalentTo(new[] { "one", "other" }));
    }

    private static void Keep(AnswerMemory memory, AnswerMemory.Entry entry) => memory.Keep(entry.Request, entry.Answered, entry.Bytes);

    private IEnumerable<AnswerMemory.Entry> Latest(AnswerMemory memory) => memory.Latest(_one.Answered.Status);

    /// <summary>What is found for the caller and the request of an answer.</summary>
    private AnswerMemory.Entry? Found(AnswerMemory memory, AnswerMemory.Entry entry) =>
        memory.Find(entry.Request, entry.Answered.Caller, _one.Answered.Status, _one.Answered.Registry, _one.Answered.MadeAt);

    /// <summary>An answer to a caller that was made so many milliseconds ago, and holds for an hour.</summary>
    private AnswerMemory.Entry Of(string caller, int age, byte[]? request = null)
    {
        Caller who = _one.Answered.Caller with { Name = caller };
        return new(request ?? _one.Request, _one.Answered with { Caller = who, MadeAt = _one.Answered.MadeAt.AddMilliseconds(-age), Until = _one.Answered.MadeAt.AddHours(1) }, _one.Bytes);
    }
}
