using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>A clock that once stood far ahead, and a state on disk that remembers it.</summary>
internal sealed class ClockGlitchTests
{
    private static readonly TimeSpan Far = TimeSpan.FromDays(3_650);

    [Test]
    public async Task A_new_certificate_sets_the_clock_right_and_the_life_of_credentials_goes_on_as_before([Values] bool restarts)
    {
        using RotationWorld world = await GlitchedAsync();
        if (restarts)
            world.Restart();
        await world.AfterAsync(0.1);
        Assert.That(world.Rotation.Use, Is.TypeOf<CredentialUse.Usable>());
        Assert.That(world.Happened(), Is.EqualTo(new[] { "ClockSetBack", "Renewing", "ClockSetRight", "Switched" }));
        Assert.That((world.Rotation.State.LatestSeen, world.Rotation.State.Serving.Times.KeyMade), Is.EqualTo((world.Time.GetUtcNow(), world.Time.GetUtcNow())));
        await world.Rotation.UsedAsync(world.Serving);
        world.Restart();
        world.Happened();
        await world.AfterAsync(19.9);
        Assert.That(world.Happened(), Has.None.EqualTo("Renewing"));
        await world.AfterAsync(0.2);
        Assert.That(world.Happened(), Does.Contain("Switched"));
    }

    [Test]
    public async Task It_is_asked_for_with_a_new_key_whatever_the_policies_say()
    {
        using RotationWorld world = await GlitchedAsync("renew-at 2/3  spread 0%  overlap 1d");
        await world.AfterAsync(0.1);
        Assert.That(world.Renewal.Asked, Has.Count.EqualTo(2));
        Assert.That(world.Renewal.Asked[1].Key, Is.Not.EqualTo(world.Renewal.Asked[0].Key));
        Assert.That(world.Rotation.Use, Is.TypeOf<CredentialUse.Usable>());
    }

    [Test]
    public async Task A_certificate_that_does_not_begin_now_leaves_the_clock_where_it_is()
    {
        using RotationWorld world = await GlitchedAsync();
        world.Renewal.From = world.Time.GetUtcNow().AddDays(-1);
        await world.AfterAsync(0.1);
        Assert.That(world.Rotation.Use, Is.TypeOf<CredentialUse.Unusable>());
        Assert.That(world.Happened(), Is.EqualTo(new[] { "ClockSetBack", "Renewing", "Failed" }));
        Assert.That(world.Rotation.State.LatestSeen, Is.GreaterThan(world.Time.Start + Far));
    }

    [Test]
    public async Task A_newer_credential_that_somebody_puts_there_sets_it_right_too()
    {
        using RotationWorld world = await GlitchedAsync();
        world.Time.Advance(TimeSpan.FromMinutes(5));
        world.Issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
        world.Restart();
        Assert.That(world.Happened(), Is.EqualTo(new[] { "ClockSetRight", "Adopted" }));
        await world.Rotation.TurnAsync();
        Assert.That(world.Rotation.Use, Is.TypeOf<CredentialUse.Usable>());
    }

    [Test]
    public async Task A_clock_that_stands_ahead_for_a_while_makes_no_successor_serve_that_no_peer_would_take_yet([Values] bool restarts)
    {
        using var world = new RotationWorld();
        string first = await WaitingAsync(world);
        if (restarts)
            world.Restart();
        world.Time.SetBy(TimeSpan.FromHours(3));
        Assert.That(await world.Rotation.TurnAsync(), Is.EqualTo(TimeSpan.FromMinutes(1)), "it does not look again and again");
        world.Time.SetBy(TimeSpan.FromHours(-3));
        await world.Rotation.TurnAsync();
        Assert.That((world.Serving, world.Usable.Serving.Credential.Fingerprint), Is.EqualTo((first, first)));
        await world.AfterAsync(0.04);
        Assert.That(world.Serving, Is.EqualTo(first), "the hour of the wait is not over");
        await world.AfterAsync(0.01);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
    }

    [Test]
    public async Task Where_the_one_in_use_has_ended_by_the_clock_there_is_nothing_to_wait_for()
    {
        using var world = new RotationWorld();
        string first = await WaitingAsync(world);
        world.Time.SetBy(TimeSpan.FromDays(10));
        await world.Rotation.TurnAsync();
        Assert.That(world.Serving, Is.Not.EqualTo(first));
    }

    /// <summary>A successor came that begins in an hour.</summary>
    private static async Task<string> WaitingAsync(RotationWorld world)
    {
        string first = world.Serving;
        world.Time.Advance(TimeSpan.FromDays(20.1));
        world.Renewal.From = world.Time.GetUtcNow().AddHours(1);
        await world.Rotation.TurnAsync();
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Waits" }));
        return first;
    }

    /// <summary>The clock stood ahead for one attempt, which is on disk, and stands right again.</summary>
    private static async Task<RotationWorld> GlitchedAsync(string policies = RotationWorld.Usual)
    {
        var world = new RotationWorld { Policies = Outcomes.Of(policies) };
        await world.Rotation.TurnAsync();
        world.Time.SetBy(Far);
        world.Renewal.Instead = new RenewalAnswer.Unreachable("away");
        await world.Rotation.TurnAsync();
        Assert.That(world.Happened(), Is.EqualTo(new[] { "ClockSteppedForward", "Renewing", "Failed" }));
        world.Time.SetBy(-Far);
        world.Renewal.Instead = null;
        return world;
    }
}
