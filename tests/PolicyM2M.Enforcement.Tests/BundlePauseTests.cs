using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>How soon a bundle that could not be had is asked for again.</summary>
internal sealed class BundlePauseTests
{
    private static readonly DecisionKind[] Auth = [DecisionKind.Auth];

    [Test]
    public void Who_is_away_is_asked_ever_more_slowly_and_who_said_no_in_ten_minutes()
    {
        var pause = new BundlePause(TimeSpan.FromSeconds(1));
        foreach (double seconds in new[] { 0.25, 0.5, 1, 1 })
            Between(pause.After(isAway: true), TimeSpan.FromSeconds(seconds));
        Between(pause.After(isAway: false), TimeSpan.FromMinutes(10));
        pause.Held();
        Between(pause.After(isAway: true), TimeSpan.FromSeconds(0.25));
    }

    [TestCase(StatusCode.ResourceExhausted)]
    [TestCase(StatusCode.Unimplemented)]
    public async Task A_decision_point_that_says_no_is_left_alone_while_the_watch_stands(StatusCode no)
    {
        await using var world = new ClientWorld();
        int asked = 0;
        world.Script.Bundle = _ =>
        {
            Interlocked.Increment(ref asked);
            throw Failure(no);
        };
        PolicyClient client = world.Connect(with: options => options with { Mode = DecisionMode.AskThenBundle });
        await world.SeenAsync<ClientEvent.Connected>();
        await Until(() => Volatile.Read(ref asked) > 0);
        // The housekeeping fetches bundles after what is in use was asked for anew: each of these is a turn.
        world.Script.FreshFor = TimeSpan.FromMinutes(1);
        int first = 0;
        for (int turn = 0; turn < 4; turn++)
        {
            await client.DecideAsync(ClientWorld.Context, Auth, refresh: true);
            int calls = world.Pdp.Calls;
            world.Time.Advance(TimeSpan.FromSeconds(57));
            await Until(() => world.Pdp.Calls > calls);
            // What was told while the first fetch was under way may be one more.
            if (turn == 1)
                first = Volatile.Read(ref asked);
        }
        Assert.That(Volatile.Read(ref asked), Is.EqualTo(first));
        world.Time.Advance(TimeSpan.FromMinutes(15));
        await Until(() => Volatile.Read(ref asked) > first);
    }

    private static RpcException Failure(StatusCode code) => new(new Status(code, "scripted"));

    private static void Between(TimeSpan pause, TimeSpan least) => Assert.That(pause, Is.InRange(least, least * 1.5));

    /// <summary>The state itself is waited for; the bound only keeps a broken client from hanging the suite.</summary>
    private static async Task Until(Func<bool> holds)
    {
        for (int i = 0; i < 1500 && !holds(); i++)
            await Task.Delay(20);
        Assert.That(holds(), Is.True);
    }
}
