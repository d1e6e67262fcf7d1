using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Enforcement.Rotation;
using PolicyM2M.Testing.Issuing;

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
    public async Task A_new_one_that_a_peer_refuses_is_dropped_and_asked_for_again_later()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(20.1);
        string dropped = world.Serving;
        await world.Rotation.FailedAsync(dropped, "the broker does not know the issuer");
        Assert.That((world.Serving, world.Usable.Predecessor), Is.EqualTo((first, (UsableCredential?)null)));
        await world.Rotation.TurnAsync();
        Assert.That(world.Serving, Is.EqualTo(first), "not at once");
        await world.AfterAsync(0.1);
        Assert.That(world.Serving, Is.Not.EqualTo(first).And.Not.EqualTo(dropped));
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Switched", "RolledBack", "Renewing", "Switched" }));
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.FailedAsync(world.Serving, "too late");
        Assert.That(world.Serving, Is.Not.EqualTo(first), "what was used once is not rolled back");
        Assert.That(world.Renewal.Asked.Select(asked => Convert.ToHexString(asked.Key)), Is.Unique, "each has a key of its own");
    }

    [Test]
    public async Task An_order_is_obeyed_at_once_with_a_new_key_and_once_until_it_is_taken_back()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("rotate-now  renew-at 2/3  spread 0%  overlap 1d") };
        string first = world.Serving;
        await world.Rotation.TurnAsync();
        string second = world.Serving;
        Assert.That(second, Is.Not.EqualTo(first));
        await world.Rotation.UsedAsync(second);
        Assert.That((world.Usable.Predecessor, world.Renewal.Asked.Single().Cause), Is.EqualTo(((UsableCredential?)null, RotationCause.Ordered)), "what was ordered away does not overlap");
        await world.AfterAsync(1);
        world.Restart();
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.EqualTo(second), "the mark in the registry is still there");
        world.Policies = Outcomes.Of(RotationWorld.Usual);
        await world.AfterAsync(1);
        world.Policies = Outcomes.Of("rotate-now");
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.Not.EqualTo(second));
        Assert.That(world.Reports.Select(report => (report.PredecessorFingerprint, report.Successor.Fingerprint, report.Cause, report.IsRekeyed)), Is.EqualTo(new[] { (first, second, RotationCause.Ordered, true) }));
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
    public async Task Reports_are_kept_until_they_are_taken_and_no_more_than_so_many()
    {
        using var world = new RotationWorld { Delivery = ReportDelivery.Later };
        for (int i = 0; i < RotationState.MostReports + 3; i++)
        {
            await world.AfterAsync(20.1);
            await world.Rotation.UsedAsync(world.Serving);
        }
        world.Restart();
        world.Delivery = ReportDelivery.Taken;
        await world.Rotation.TurnAsync();
        Assert.That((world.Reports.Count, world.Rotation.State.Unreported.Length), Is.EqualTo((RotationState.MostReports, 0)));
        Assert.That(world.Reports.Skip(1).Select(report => report.PredecessorFingerprint), Is.EqualTo(world.Reports.SkipLast(1).Select(report => report.Successor.Fingerprint)), "each comes after the one before");
    }

    [Test]
    public async Task A_successor_that_nothing_was_reached_with_is_reported_too_where_another_descends_from_it()
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        await world.AfterAsync(20.1);
        string unused = world.Serving;
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.TurnAsync();
        Assert.That(world.Reports.Select(report => (report.PredecessorFingerprint, report.Successor.Fingerprint)), Is.EqualTo(new[] { (first, unused), (unused, world.Serving) }));
    }

    [Test]
    public async Task A_refused_report_is_told_of_and_not_sent_again()
    {
        using var world = new RotationWorld { Delivery = ReportDelivery.Refused("no such device") };
        await world.AfterAsync(20.1);
        await world.Rotation.UsedAsync(world.Serving);
        await world.Rotation.TurnAsync();
        await world.Rotation.TurnAsync();
        Assert.That(world.Events.OfType<RotationEvent.Reported>().Select(told => told.Refusal), Is.EqualTo(new[] { "no such device" }));
    }

    [Test]
    public async Task What_was_ordered_away_never_serves_again_and_a_refused_successor_is_replaced()
    {
        using var world = new RotationWorld { Policies = Outcomes.Of("rotate-now  renew-at 2/3  spread 0%") };
        string stolen = world.Serving;
        await world.Rotation.TurnAsync();
        string second = world.Serving;
        Assert.That(world.Usable.Predecessor, Is.Null, "nor is it offered on trial");
        await world.Rotation.FailedAsync(second, "PERMISSION_DENIED");
        Assert.That(world.Serving, Is.EqualTo(second));
        await world.AfterAsync(0.1);
        string third = world.Serving;
        Assert.That(new[] { stolen, second }, Does.Not.Contain(third), "another is asked for");
        await world.Rotation.FailedAsync(third, "PERMISSION_DENIED");
        world.Restart();
        Assert.That(world.Serving, Is.EqualTo(third), "nor does the stolen one serve after two that were refused");
        Assert.That(world.Happened(), Is.EqualTo(new[] { "Renewing", "Switched", "Failed", "Renewing", "Switched", "Reported", "Failed" }));
    }

    [Test]
    public async Task A_refused_successor_whose_predecessor_has_ended_is_replaced()
    {
        using var world = new RotationWorld();
        await world.AfterAsync(20.1);
        string refused = world.Serving;
        world.Time.Advance(TimeSpan.FromDays(10));
        await world.Rotation.FailedAsync(refused, "UNAUTHENTICATED");
        await world.AfterAsync(0.5);
        Assert.That(world.Serving, Is.Not.EqualTo(refused));
    }

    [Test]
    public async Task An_order_does_not_wait_for_the_end_of_a_pause_that_something_else_made([Values] bool isAccepted)
    {
        using var world = new RotationWorld();
        string first = world.Serving;
        world.Renewal.Instead = isAccepted ? new RenewalAnswer.Accepted(TimeSpan.FromHours(20)) : new RenewalAnswer.Refused("not today");
        await world.AfterAsync(20.1);
        world.Restart();
        world.Policies = Outcomes.Of("rotate-now");
        await world.Rotation.TurnAsync();
        Assert.That(world.Renewal.Asked.Select(asked => asked.Cause), Is.EqualTo(new[] { RotationCause.Due, RotationCause.Ordered }));
        await world.Rotation.TurnAsync();
        Assert.That(world.Renewal.Asked, Has.Count.EqualTo(2), "it keeps the pause that it made itself");
        world.Renewal.Instead = null;
        await world.AfterAsync(1);
        Assert.That(world.Serving, Is.Not.EqualTo(first));
    }

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
