using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing.Issuing;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>Credentials that somebody puts in place of the first.</summary>
internal sealed class AdoptedCredentialTests
{
    [Test]
    public async Task What_is_put_in_place_of_the_first_is_on_trial_and_nothing_that_no_issuer_may_give_is_taken_up()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        string own = world.Serving;
        await world.AfterAsync(2);
        using var stranger = new TestIssuer(world.Time);
        (string certificate, string key) = stranger.IssueDevice("plc-1", TimeSpan.FromDays(30));
        Put(certificate, key);
        Assert.That(world.Serving, Is.EqualTo(own));
        Assert.That(world.Events.OfType<RotationEvent.NotAdopted>().Single().Reason, Does.Contain("no authority of this credential vouches for it"));
        world.Events.Clear();

        (certificate, key) = world.Issuer.IssueDevice("plc-2", TimeSpan.FromDays(30));
        Put(certificate, key);
        Assert.That((world.Serving, world.Events.OfType<RotationEvent.NotAdopted>().Count()), Is.EqualTo((own, 1)), "another name");

        // As a power cut between the two files leaves them.
        (certificate, _) = world.Issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
        (_, key) = world.Issuer.IssueDevice("plc-2", TimeSpan.FromDays(30));
        Put(certificate, key);
        Assert.That(world.Serving, Is.EqualTo(own), "half replaced");
        File.WriteAllText(world.CertificatePath, "");
        world.Restart();
        Assert.That(world.Serving, Is.EqualTo(own), "empty");

        await world.AfterAsync(1);
        world.Issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
        world.Restart();
        string adopted = world.Serving;
        Assert.That((adopted == own, world.Rotation.IsOnTrial), Is.EqualTo((false, true)));
        await world.Rotation.TurnAsync();
        await world.Rotation.FailedAsync(adopted, "PERMISSION_DENIED");
        Assert.That(world.Serving, Is.EqualTo(own), "and the one before is still there to go back to");

        void Put(string from, string keyFrom)
        {
            if (from != world.CertificatePath)
                File.Copy(from, world.CertificatePath, overwrite: true);
            if (keyFrom != world.KeyPath)
                File.Copy(keyFrom, world.KeyPath, overwrite: true);
            world.Restart();
        }
    }

    [Test]
    public async Task A_newer_credential_that_somebody_put_in_place_of_the_first_is_taken_up_and_an_older_one_is_not()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        string own = world.Serving;
        world.Restart();
        Assert.That(world.Serving, Is.EqualTo(own), "the first one still lies there");
        await world.AfterAsync(1);
        (string certificate, string key) = world.Issuer.IssueDevice("plc-1", TimeSpan.FromDays(30));
        Assert.That((certificate, key), Is.EqualTo((world.CertificatePath, world.KeyPath)));
        world.Restart();
        Assert.That(world.Serving, Is.Not.EqualTo(own));
        Assert.That(world.Happened()[^1], Is.EqualTo("Adopted"));
    }
}
