using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

/// <summary>One credential from its first day on, with real keys and certificates; only time is the test's.</summary>
internal sealed class CredentialRotationTests
{
    [Test]
    public async Task Nothing_happens_before_the_moment_and_then_a_successor_with_a_new_key_serves_on_trial()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(19.9);
        Assert.That((world.Serving, world.Renewal.Asked.Count, world.Happened().Length), Is.EqualTo((first, 0, 0)));
        await world.AfterAsync(0.2);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Switched" }));
        Assert.That((world.Usable.Serving.Credential.Fingerprint, world.Usable.Predecessor?.Credential.Fingerprint), Is.EqualTo((world.Serving, first)));
        using X509Certificate2 old = X509Certificate2.CreateFromPemFile(world.Usable.Predecessor!.CertificatePath, world.Usable.Predecessor.KeyPath);
        using X509Certificate2 now = X509Certificate2.CreateFromPemFile(world.Usable.Serving.CertificatePath, world.Usable.Serving.KeyPath);
        Assert.That((now.GetPublicKeyString() == old.GetPublicKeyString(), now.Subject, now.HasPrivateKey), Is.EqualTo((false, old.Subject, true)));
    }

    [Test]
    public async Task The_old_one_stays_until_the_new_one_was_used_and_for_the_overlap_after_it()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(20.1);
        await world.AfterAsync(5);
        Assert.That(world.Usable.Predecessor?.Credential.Fingerprint, Is.EqualTo(first), "nobody has used the new one");
        await world.Rotation.UsedAsync(first);
        Assert.That(world.Rotation.State.IsOnTrial, Is.True, "the old one proves nothing");
        await world.Rotation.UsedAsync(world.Serving);
        await world.AfterAsync(0.9);
        Assert.That(world.Usable.Predecessor?.Credential.Fingerprint, Is.EqualTo(first));
        await world.AfterAsync(0.2);
        Assert.That((world.Usable.Predecessor, Directory.Exists(Path.Combine(world.Folder, first))), Is.EqualTo(((UsableCredential?)null, true)), "the state of before still names it");
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Switched", "Confirmed", "Reported", "PredecessorEnded" }));
        await world.AfterAsync(20);
        Assert.That(Directory.Exists(Path.Combine(world.Folder, first)), Is.False, "its key is gone");
    }

    [Test]
    public async Task While_the_issuer_is_away_it_is_tried_again_with_the_same_key_and_grace_goes_past_the_lifetime_and_not_past_the_validity()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("lifetime 20d  renew-at 1/2  spread 0%  rekey required  offline-grace 5d") };
        world.Renewal.Instead = new RenewalAnswer.Unreachable("nobody listens");
        for (int day = 0; day < 19; day++)
            await world.AfterAsync(1);
        Assert.That((world.Renewal.Asked.Count, world.Renewal.Asked.Select(asked => Convert.ToHexString(asked.Key)).Distinct().Count()), Is.EqualTo((10, 1)));
        Assert.That(world.Usable.IsInGrace, Is.False);
        await world.AfterAsync(2);
        Assert.That(world.Usable.IsInGrace, Is.True);
        world.Restart();
        await world.AfterAsync(1);
        Assert.That(world.Usable.IsInGrace, Is.True, "a restart takes no grace away");
        await world.AfterAsync(4);
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>().With.Property("Reason").Contains("while its issuer cannot be reached"));
        world.Renewal.Instead = null;
        await world.AfterAsync(0.5);
        Assert.That(world.Usable.IsInGrace, Is.False, "to its issuer it is still shown");
        Assert.That(world.Renewal.Asked.Select(asked => Convert.ToHexString(asked.Key)).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Past_its_validity_nothing_is_used_whatever_grace_there_is()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("lifetime 25d  renew-at 1/2  offline-grace 60d") };
        world.Renewal.Instead = new RenewalAnswer.Unreachable("nobody listens");
        await world.AfterAsync(29);
        Assert.That(world.Usable.IsInGrace, Is.True);
        world.Time.Advance(TimeSpan.FromDays(1.1));
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>().With.Property("Reason").Contains("its validity ended"), "without a turn in between");
        world.Time.SetBy(TimeSpan.FromDays(-20));
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>(), "a clock that is set back makes nothing valid");
        await world.Rotation.TurnAsync();
        world.Restart();
        await world.Rotation.TurnAsync();
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>(), "not after a restart either");
    }

    [Test]
    public async Task An_issuer_that_refuses_gives_no_grace()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("lifetime 20d  renew-at 1/2  offline-grace 5d") };
        world.Renewal.Instead = new RenewalAnswer.Refused("403");
        await world.AfterAsync(21);
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>());
        Assert.That(world.Events.OfType<RotationEvent.Failed>().Single().IsUnreachable, Is.False);
    }

    [Test]
    public async Task Where_the_policies_deny_nothing_is_used_or_renewed_and_no_decision_is_a_denial()
    {
        using var world = new RotationWorld { Policies = RotationWorld.Denied };
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>().With.Property("Reason").Contains("no decision"), "before the first");
        await world.AfterAsync(25);
        Assert.That(world.Rotation.Use, Is.InstanceOf<CredentialUse.Unusable>().With.Property("Reason").Contains("older than anything we allow"));
        Assert.That(world.Renewal.Asked, Is.Empty);
        world.Rotation.Dispose();
        using CredentialRotation broken = CredentialRotation.Open(world.Options with { Decide = (_, _) => throw new InvalidOperationException("the client is gone") });
        await broken.TurnAsync();
        Assert.That(broken.Use, Is.InstanceOf<CredentialUse.Unusable>().With.Property("Reason").Contains("the client is gone"));
    }

    [Test]
    public async Task A_successor_that_is_not_valid_yet_waits_and_the_old_one_serves()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        world.Time.Advance(TimeSpan.FromDays(20.1));
        world.Renewal.From = world.Time.GetUtcNow().AddMinutes(30);
        TimeSpan pause = await world.Rotation.TurnAsync();
        Assert.That((world.Serving, pause), Is.EqualTo((first, TimeSpan.FromMinutes(1))));
        world.Restart();
        await world.AfterAsync(0.1);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Waits", "Switched" }));
        Assert.That(world.Renewal.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_successor_that_would_itself_be_due_at_once_is_refused_instead_of_renewing_for_ever()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("lifetime 1h  renew-at 1/2  spread 0%") };
        string first = world.Serving;
        world.Renewal.From = world.Time.GetUtcNow().AddHours(-3);
        await world.AfterAsync(0.1);
        Assert.That((world.Serving, world.Events.OfType<RotationEvent.Failed>().Single().Reason.Split(':')[0]), Is.EqualTo((first, "the successor would itself be due at once")));
    }

    [Test]
    public async Task After_an_outage_of_half_the_life_of_a_key_the_next_attempt_has_a_new_key_and_succeeds()
    {
        using var world = new RotationWorld(TimeSpan.FromDays(200)) { Policies = Outcomes.Of("lifetime 80d  renew-at 1/2  spread 0%  key-lifetime 80d  rekey required") };
        string first = world.Serving;
        world.Renewal.Instead = new RenewalAnswer.Unreachable("no route to host");
        await world.AfterAsync(40.1);
        await world.AfterAsync(15);
        world.Renewal.Instead = null;
        await world.AfterAsync(25.1);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
        Assert.That(world.Renewal.Asked[1].Key, Is.EqualTo(world.Renewal.Asked[0].Key), "a young one is kept");
        Assert.That(world.Renewal.Asked[2].Key, Is.Not.EqualTo(world.Renewal.Asked[0].Key));
        Assert.That(world.Rotation.State.Serving.Times.KeyMade, Is.EqualTo(world.Time.GetUtcNow()));
    }

    [Test]
    public async Task A_key_in_use_that_grew_old_in_an_outage_is_replaced_where_the_policies_would_have_kept_it()
    {
        using var world = new RotationWorld(TimeSpan.FromDays(200)) { Policies = Outcomes.Of("lifetime 20d  renew-at 1/2  spread 0%  key-lifetime 80d") };
        string first = world.Serving;
        world.Renewal.Instead = new RenewalAnswer.Unreachable("no route to host");
        await world.AfterAsync(10.1);
        world.Renewal.Instead = null;
        await world.AfterAsync(35);
        Assert.That((world.Serving == first, world.Renewal.Asked[0].Key.SequenceEqual(world.Renewal.Asked[1].Key)), Is.EqualTo((false, false)));
    }

    [Test]
    public async Task A_key_that_grows_old_while_the_issuer_thinks_is_replaced_and_lengthens_no_pause()
    {
        using var world = new RotationWorld(TimeSpan.FromDays(200)) { Policies = Outcomes.Of("lifetime 200d  renew-at 1/2  spread 0%  key-lifetime 80d  rekey required") };
        string first = world.Serving;
        world.Renewal.Life = TimeSpan.FromDays(200);
        world.Renewal.Change = request =>
        {
            world.Time.Advance(TimeSpan.FromDays(41));
            return request;
        };
        await world.AfterAsync(40.1);
        Assert.That((world.Serving, world.Rotation.State.Attempts), Is.EqualTo((first, 0)));
        Assert.That(world.Events.OfType<RotationEvent.Failed>().Single().Reason, Does.StartWith("the successor would itself be due at once"));
        world.Renewal.Change = null;
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
    }

    [Test]
    public async Task What_an_issuer_puts_off_is_asked_again_with_the_same_request_key()
    {
        using var world = new RotationWorld();
        world.Renewal.Instead = new RenewalAnswer.Accepted(TimeSpan.FromHours(1));
        await world.AfterAsync(20.1);
        world.Restart();
        await world.AfterAsync(0.02);
        Assert.That(world.Renewal.Asked, Has.Count.EqualTo(1));
        await world.AfterAsync(0.03);
        Assert.That(world.Renewal.Asked, Has.Count.EqualTo(2));
        Assert.That(world.Renewal.Asked[0].Key, Is.EqualTo(world.Renewal.Asked[1].Key));
    }

    [Test]
    public async Task A_key_that_need_not_be_new_is_kept()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("renew-at 2/3  spread 0%") };
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.TurnAsync();
        using X509Certificate2 one = X509Certificate2.CreateFromPemFile(world.CertificatePath, world.KeyPath);
        Assert.That(one.PublicKey.ExportSubjectPublicKeyInfo(), Is.EqualTo(world.Renewal.Asked.Single().Key));
        Assert.That((world.Reports.Single().IsRekeyed, world.Rotation.State.Serving.Times.KeyMade), Is.EqualTo((false, (DateTimeOffset)one.NotBefore.ToUniversalTime())));
    }

    [Test]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Keys_are_for_their_owner_only_and_the_link_leads_to_the_pair_in_use()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        world.Renewal.Instead = new RenewalAnswer.Refused("no");
        await world.Rotation.UsedAsync(world.Serving);
        await world.AfterAsync(20.1);
        string[] keys = Directory.GetFiles(world.Folder, "*key.pem", SearchOption.AllDirectories);
        Assert.That(keys, Has.Length.GreaterThanOrEqualTo(3));
        Assert.That(keys.Select(File.GetUnixFileMode), Is.All.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(File.GetUnixFileMode(world.Folder), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        using X509Certificate2 linked = X509Certificate2.CreateFromPemFile(Path.Combine(world.Folder, "current", "certificate.pem"), Path.Combine(world.Folder, "current", "key.pem"));
        Assert.That(linked.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant(), Is.EqualTo(world.Serving));
        Assert.That(string.Join('\n', world.Events), Does.Not.Contain("PRIVATE KEY"));
    }
}
