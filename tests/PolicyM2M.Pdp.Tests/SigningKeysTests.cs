using Microsoft.Extensions.Logging.Abstractions;
using PolicyM2M.Pdp.Signing;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The keys that sign, over months.</summary>
[TestFixture]
internal sealed class SigningKeysTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_key_signs_for_its_days_and_is_served_until_nothing_that_it_signed_can_be_used()
    {
        using var folder = new TemporaryFolder();
        using SigningKeys keys = Open(folder, Begin);
        string first = Current(keys, Begin);

        Assert.That(Current(keys, Begin.AddDays(29)), Is.EqualTo(first));
        string second = Current(keys, Begin.AddDays(30));
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(Served(keys, Begin.AddDays(30)), Is.EqualTo(new[] { second, first }));
        Assert.That(Served(keys, Begin.AddDays(120)), Does.Not.Contain(first));
    }

    [Test]
    public void A_clock_that_jumps_far_ahead_does_not_cost_the_keys_of_what_was_signed()
    {
        using var folder = new TemporaryFolder();
        string first;
        using (SigningKeys keys = Open(folder, Begin))
        {
            first = Current(keys, Begin);
            Assert.That(Served(keys, Begin.AddYears(20)), Does.Not.Contain(first));
        }
        using SigningKeys again = Open(folder, Begin.AddDays(1));
        Assert.That(Served(again, Begin.AddDays(1)), Does.Contain(first));
    }

    [Test]
    public void What_was_signed_before_the_keys_changed_is_believed_after()
    {
        using var folder = new TemporaryFolder();
        using SigningKeys keys = Open(folder, Begin);
        Wire.V1.SignedPayload old = Statement(keys, Begin.AddDays(29));
        var trusted = TrustedKeys.Of(keys.PublishedAt(Begin.AddDays(60)).Select(key => key.ToWire()));
        Assert.That(trusted.Statement(old).DeviceId, Is.EqualTo("x"));
    }

    [Test]
    public void What_is_signed_for_now_is_believed_though_the_key_changed_for_what_is_to_come()
    {
        using var folder = new TemporaryFolder();
        using SigningKeys keys = Open(folder, Begin);
        DateTimeOffset now = Begin.AddDays(30).AddSeconds(-1);
        Wire.V1.SignedPayload ahead = Statement(keys, now.AddSeconds(3)), signed = Statement(keys, now);
        var trusted = TrustedKeys.Of(keys.PublishedAt(now).Select(key => key.ToWire()));

        Assert.That(signed.KeyId, Is.EqualTo(ahead.KeyId).And.EqualTo(Current(keys, now)), "the next key signs both");
        Assert.That((trusted.Statement(ahead).DeviceId, trusted.Statement(signed).DeviceId), Is.EqualTo(("x", "x")));
    }

    [Test]
    public void Replicas_that_begin_with_the_same_file_sign_with_the_same_key_until_each_makes_its_next()
    {
        using TemporaryFolder here = new(), there = new();
        Open(here, Begin).Dispose();
        File.Copy(new DataFolder(here.Path).SigningKeys, new DataFolder(there.Path).SigningKeys);
        using SigningKeys first = Open(here, Begin), second = Open(there, Begin);

        Assert.That(Current(second, Begin.AddDays(29)), Is.EqualTo(Current(first, Begin.AddDays(29))));
        Assert.That(Current(second, Begin.AddDays(30)), Is.Not.EqualTo(Current(first, Begin.AddDays(30))));
    }

    [Test]
    public void A_restart_signs_with_the_same_key()
    {
        using var folder = new TemporaryFolder();
        string before;
        using (SigningKeys keys = Open(folder, Begin))
            before = Current(keys, Begin);
        using SigningKeys again = Open(folder, Begin.AddDays(1));
        Assert.That(Current(again, Begin.AddDays(1)), Is.EqualTo(before));
    }

    [Test]
    public void Only_the_owner_reads_the_file_and_it_keeps_one_private_key()
    {
        using var folder = new TemporaryFolder();
        using SigningKeys keys = Open(folder, Begin);
        keys.PublishedAt(Begin.AddDays(40));
        string path = new DataFolder(folder.Path).SigningKeys;
        Assert.That(File.ReadAllText(path).Split("PRIVATE KEY").Length, Is.EqualTo(3), "one key: it begins and ends");
        Assert.That(File.ReadAllText(path).Split("not-after").Length, Is.EqualTo(3), "two keys");
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [TestCase("")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("{\"private-key\": \"x\", \"keys\": []}")]
    [TestCase("{\"private-key\": 7, \"keys\": [{}]}")]
    public void A_file_that_cannot_be_understood_is_not_replaced(string text)
    {
        using var folder = new TemporaryFolder();
        string path = new DataFolder(folder.Path).SigningKeys;
        File.WriteAllText(path, text);
        Assert.That(() => Open(folder, Begin), Throws.TypeOf<StartupException>().With.Message.Contains("signing keys"));
        Assert.That(File.ReadAllText(path), Is.EqualTo(text));
    }

    [Test]
    public void The_key_of_another_file_is_not_taken()
    {
        using TemporaryFolder folder = new(), other = new();
        Open(folder, Begin).Dispose();
        Open(other, Begin).Dispose();
        string path = new DataFolder(folder.Path).SigningKeys;
        string[] mine = File.ReadAllLines(path), theirs = File.ReadAllLines(new DataFolder(other.Path).SigningKeys);
        File.WriteAllLines(path, mine.Select((line, i) => line.Contains("private-key", StringComparison.Ordinal) ? theirs[i] : line));
        Assert.That(() => Open(folder, Begin), Throws.TypeOf<StartupException>().With.Message.Contains("not that of its private key"));
    }

    [Test]
    public void Where_the_next_key_cannot_be_kept_the_one_before_goes_on()
    {
        using var folder = new TemporaryFolder();
        using SigningKeys keys = Open(folder, Begin);
        string first = Current(keys, Begin);
        // A folder in the place of the file: it cannot be replaced, whoever runs the test.
        string path = new DataFolder(folder.Path).SigningKeys;
        File.Delete(path);
        Directory.CreateDirectory(path);
        Assert.That(Current(keys, Begin.AddDays(31)), Is.EqualTo(first));
        Directory.Delete(path);
        Assert.That(Current(keys, Begin.AddDays(31).AddSeconds(59)), Is.EqualTo(first), "not tried for every signature");
        Assert.That(Current(keys, Begin.AddDays(32)), Is.Not.EqualTo(first));
    }

    private static SigningKeys Open(TemporaryFolder folder, DateTimeOffset now) => SigningKeys.Open(new DataFolder(folder.Path), now, NullLogger<SigningKeys>.Instance);

    private static string[] Served(SigningKeys keys, DateTimeOffset now) => [.. keys.PublishedAt(now).Select(key => key.Id)];

    private static string Current(SigningKeys keys, DateTimeOffset now) => Statement(keys, now).KeyId;

    private static Wire.V1.SignedPayload Statement(SigningKeys keys, DateTimeOffset now) =>
        new SignedStatements(keys, TimeSpan.FromDays(7)).Sign("x", Engine.Contexts.DeviceContext.Empty, TimeSpan.FromHours(1), now, isOfClaims: true).Signed;
}
