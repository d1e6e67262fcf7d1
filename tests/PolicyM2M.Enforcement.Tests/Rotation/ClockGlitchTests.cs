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
