using System.Collections.Immutable;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The holder of the active revision, and those who wait at it.</summary>
[TestFixture]
[CancelAfter(60_000)]
public sealed class RevisionStateTests
{
    private static readonly Bundle Bundle = PolicyCompiler.Compile(
        [.. TestPolicies.Files().Select(file => new SourceFile(file.Path["policies/".Length..], file.Text))]).Bundle!;

    [Test]
    public async Task Who_comes_late_gets_the_latest_revision_and_none_in_between()
    {
        RevisionStatus first = Status("1");
        var state = new RevisionState(first);
        state.Replace(Status("2"));
        state.Replace(Status("3"));

        RevisionStatus heard = await state.WaitForOther(first, "plc-1", CancellationToken.None);

        Assert.That(heard.Active.CommitId, Is.EqualTo("3"));
    }

    [Test]
    public async Task Everybody_who_waits_hears_of_a_change()
    {
        RevisionStatus first = Status("1");
        var state = new RevisionState(first);
        Task<RevisionStatus>[] waiting = [.. Enumerable.Range(0, 100).Select(_ => state.WaitForOther(first, "plc-1", CancellationToken.None))];

        state.Replace(Status("2"));

        Assert.That((await Task.WhenAll(waiting)).Select(status => status.Active.CommitId), Has.All.EqualTo("2"));
    }

    [Test]
    public void A_refusal_wakes_nobody()
    {
        RevisionStatus first = Status("1");
        var state = new RevisionState(first);
        Task<RevisionStatus> waiting = state.WaitForOther(first, "plc-1", CancellationToken.None);

        state.Replace(first with { Refused = new RefusedRevision("2", default, ImmutableArray<Compiler.Diagnostics.Diagnostic>.Empty, "fault", MayHeal: true) });

        Assert.That(waiting.IsCompleted, Is.False);
    }

    [Test]
    public async Task No_change_is_missed_however_the_threads_meet()
    {
        const int revisions = 2_000;
        RevisionStatus first = Status("0");
        var state = new RevisionState(first);
        Task<string>[] watchers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            RevisionStatus known = first;
            while (known.Active.CommitId != $"{revisions}")
                known = await state.WaitForOther(known, "plc-1", CancellationToken.None);
            return known.Active.CommitId;
        }))];
        await Task.Run(() =>
        {
            for (int i = 1; i <= revisions; i++)
                state.Replace(Status($"{i}"));
        });

        Assert.That(await Task.WhenAll(watchers), Has.All.EqualTo($"{revisions}"));
    }

    private static RevisionStatus Status(string commit) => new(new ActiveRevision(commit, "", Bundle, default), null, default);
}
