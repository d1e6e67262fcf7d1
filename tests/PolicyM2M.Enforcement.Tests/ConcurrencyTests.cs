using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Many callers, slow answers, and callers that give up.</summary>
internal sealed class ConcurrencyTests
{
    [Test]
    public async Task Callers_with_one_question_share_one_call_even_where_its_answer_cannot_be_kept()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        world.Script.FreshFor = world.Script.UsableFor = TimeSpan.Zero;
        // A revision that becomes known while they ask would make theirs two questions.
        await client.DecideAsync(ClientWorld.Context);
        int before = world.Pdp.Calls;
        var answer = new TaskCompletionSource();
        world.Script.Hold = _ => answer.Task;
        Task[] callers = [.. Enumerable.Range(0, 50).Select(_ => client.DecideAsync(ClientWorld.Context))];
        answer.SetResult();
        await Task.WhenAll(callers);
        Assert.That(world.Pdp.Calls, Is.EqualTo(before + 1));
    }

    [Test]
    public async Task Callers_whose_claims_differ_in_what_no_policy_tests_share_one_call()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromHours(2));
        int before = world.Pdp.Calls;
        var answer = new TaskCompletionSource();
        world.Script.Hold = _ => answer.Task;
        Task<ImmutableArray<DeviceDecision>>[] callers = [.. Enumerable.Range(30, 20).Select(size => client.DecideAsync(ClientWorld.Context.With("shoe.size", AttributeValue.Of(size))))];
        answer.SetResult();
        ImmutableArray<DeviceDecision>[] answers = await Task.WhenAll(callers);
        Assert.That(world.Pdp.Calls, Is.EqualTo(before + 1));
        Assert.That(answers.SelectMany(given => given).Select(decision => decision.Source), Is.All.AnyOf(DecisionSource.Live, DecisionSource.Cached));
    }

    [Test]
    public async Task Where_more_turns_out_to_be_needed_nobody_gets_the_answer_to_anothers_claims()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        world.Time.Advance(TimeSpan.FromHours(2));
        world.Script.Needed = ["device.type", "shoe.size"];
        var answer = new TaskCompletionSource();
        world.Script.Hold = _ => answer.Task;
        Task<ImmutableArray<DeviceDecision>>[] callers = [.. Enumerable.Range(30, 5).Select(size => client.DecideAsync(ClientWorld.Context.With("shoe.size", AttributeValue.Of(size))))];
        answer.SetResult();
        ImmutableArray<DeviceDecision>[] answers = await Task.WhenAll(callers);
        Assert.That(answers.Select(given => given[0].Decision!.Region!.ToString()), Is.EqualTo(Enumerable.Range(30, 5).Select(size => $"device.type == \"plc\" and shoe.size == {size}")));
    }

    [Test]
    public async Task What_came_while_a_caller_was_about_to_ask_is_not_asked_for_again()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        for (int wave = 1; wave <= 30; wave++)
        {
            world.Time.Advance(TimeSpan.FromHours(2));
            await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => client.DecideAsync(ClientWorld.Context))));
            Assert.That(world.Pdp.Calls, Is.EqualTo(wave + 1));
        }
    }

    [Test]
    public async Task A_slow_answer_holds_up_no_other_question()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        var answer = new TaskCompletionSource();
        world.Script.Hold = request => request.Attributes["device.type"].Text == "plc" ? answer.Task : Task.CompletedTask;
        Task slow = client.DecideAsync(ClientWorld.Context);
        Assert.That((await client.DecideAsync(ClientWorld.Context.With("device.type", AttributeValue.Of("sensor"))))[0].Source, Is.EqualTo(DecisionSource.Live));
        Assert.That(slow.IsCompleted, Is.False);
        answer.SetResult();
        await slow;
    }

    [Test]
    public async Task A_caller_that_gives_up_ends_its_own_wait_and_nobody_elses()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        var answer = new TaskCompletionSource();
        world.Script.Hold = _ => answer.Task;
        using var givingUp = new CancellationTokenSource();
        Task impatient = client.DecideAsync(ClientWorld.Context, cancellation: givingUp.Token);
        Task<ImmutableArray<DeviceDecision>> patient = client.DecideAsync(ClientWorld.Context);
        await givingUp.CancelAsync();
        Assert.That(async () => await impatient, Throws.InstanceOf<OperationCanceledException>());
        answer.SetResult();
        Assert.That((await patient).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Live));
    }

    [Test]
    public async Task A_permission_that_comes_after_a_later_denial_is_not_kept()
    {
        await using var world = new ClientWorld();
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        var answer = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        world.Script.Hold = _ =>
        {
            asked.SetResult();
            return answer.Task;
        };
        Task<ImmutableArray<DeviceDecision>> earlier = client.DecideAsync(ClientWorld.Context, refresh: true);
        await asked.Task;
        world.Script.Hold = _ => Task.CompletedTask;
        world.Script.Forge = ScriptedPdp.Deny;
        // In another order it is another question, which does not join the first.
        await client.DecideAsync(ClientWorld.Context, [.. DecisionKinds.All.Reverse()], refresh: true);
        answer.SetResult();
        Assert.That((await earlier).Select(d => d.Source), Is.All.EqualTo(DecisionSource.Live));
        await world.Pdp.KillAsync();
        Assert.That(await ClientWorld.SourceAsync(client), Is.EqualTo(DecisionSource.Denied));
    }

    [Test]
    public async Task A_late_answer_does_not_bring_back_what_the_registry_said_before()
    {
        await using var world = new ClientWorld();
        world.Script.Stated["lifecycle.state"] = "active";
        PolicyClient client = world.Connect();
        await client.DecideAsync(ClientWorld.Context);
        await world.SeenAsync<ClientEvent.Connected>();
        var answer = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        world.Script.Hold = request =>
        {
            if (request.Kinds.Count < 3)
                return Task.CompletedTask;
            asked.TrySetResult();
            return answer.Task;
        };
        Task<ImmutableArray<DeviceDecision>> late = client.DecideAsync(ClientWorld.Context, refresh: true);
        await asked.Task;
        world.Time.Advance(TimeSpan.FromSeconds(1));
        world.Script.Stated["lifecycle.state"] = "quarantined";
        world.Script.DeviceVersion++;
        world.Script.Publish(world.Script.Revision);
        await world.SeenAsync<ClientEvent.DeviceChanged>();
        await client.DecideAsync(ClientWorld.Context, [DecisionKind.Rotation], refresh: true);
        world.Script.Forge = decision =>
        {
            if (decision.Kind == Wire.V1.DecisionKind.Auth)
                ScriptedPdp.Deny(decision);
        };
        answer.SetResult();

        Assert.That((await late)[(int)DecisionKind.Auth].Outcome.IsDenied, Is.True, "it was for the device as it was");
        await world.Pdp.KillAsync();
        Assert.That((await client.DecideAsync(ClientWorld.Context, [DecisionKind.Auth]))[0].Outcome.IsDenied, Is.True);
        Assert.That((await client.DecideAsync(ClientWorld.Context, [DecisionKind.Rotation]))[0].Source, Is.EqualTo(DecisionSource.Cached));
    }
}
