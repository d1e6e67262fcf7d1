using PolicyM2M.Store.Signatures;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Signatures;

/// <summary>Files of allowed signers, as people and attackers write them.</summary>
[TestFixture]
public sealed class AllowedSignersTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

    private static AllowedSigners Parse(string text) => AllowedSigners.Parse("signers", text);

    private static SshPublicKey KeyOf(string line) => SshPublicKey.Parse(Convert.FromBase64String(line.Split(' ')[1]));

    [TestCase("alice " + Key)]
    [TestCase("# somebody\n\n\talice\t" + Key + "\r\n")]
    [TestCase("alice " + Key + " her \"laptop")]
    [TestCase("alice,alice@example.com namespaces=\"git\" " + Key)]
    [TestCase("\"alice\" NAMESPACES=\"git,file\",valid-after=20260101Z,valid-before=\"20270101060000Z\" " + Key + " comment")]
    public void A_key_is_its_holders_in_every_spelling(string text) => Assert.That(Parse(text).PersonOf(KeyOf(Key)), Is.EqualTo("alice"));

    [TestCase("alice", "after the principals `alice` a key was expected")]
    [TestCase("alice namespaces=\"git\"", "a key was expected")]
    [TestCase("alice ssh-ed25519", "a key was expected")]
    [TestCase("alice ssh-ed25519 %%%", "is not base64")]
    [TestCase("alice ssh-ed25519 AAAA", "cannot be used: it is cut short")]
    [TestCase("alice ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea", "it is of the type `ssh-ed25519`")]
    [TestCase("alice sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t", "cannot be used: it is cut short")]
    [TestCase("alice ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t", "keys of the type `ssh-ed25519-cert-v01@openssh.com` are not supported")]
    [TestCase("alice ssh-dss AAAAB3NzaC1kc3M=", "keys of the type `ssh-dss` are not supported")]
    [TestCase("alice rsa AAAA", "`rsa` is neither an option")]
    [TestCase("*@example.com " + Key, "`*@example.com` is a pattern")]
    [TestCase("alice,!bob " + Key, "`!bob` is a pattern")]
    [TestCase("alice, " + Key, "is no list of principals")]
    [TestCase("\"ali ce\" " + Key, "is no list of principals")]
    [TestCase("alice cert-authority " + Key, "`cert-authority` is not supported")]
    [TestCase("alice namespaces=\"git\",cert-authority " + Key, "`cert-authority` is not supported")]
    [TestCase("alice namespaces=\"git\",namespaces=\"file\" " + Key, "`namespaces` is given twice")]
    [TestCase("alice namespaces=\"\" " + Key, "was expected to name some")]
    [TestCase("alice namespaces=\"!git\" " + Key, "`!git` is no namespace")]
    [TestCase("alice valid-until=20260101 " + Key, "`valid-until` is neither an option")]
    [TestCase("alice valid-after=tomorrow " + Key, "`valid-after=tomorrow` is not a time")]
    [TestCase("alice valid-after=20260230 " + Key, "is not a time")]
    [TestCase("alice valid-after=20270101,valid-before=20260101 " + Key, "would never count")]
    [TestCase("alice namespaces=\"git " + Key, "a quote is left open")]
    public void A_line_that_means_nothing_is_refused_with_its_place(string line, string message) =>
        Assert.That(Assert.Throws<PolicyStoreException>(() => Parse($"bob {Key}\n\n{line}\n"))!.Message, Does.StartWith("signers:3: ").And.Contain(message).And.Not.Contain("\n"));

    [Test]
    public void A_file_that_names_nobody_is_not_taken_for_one_that_allows_everybody()
    {
        Refusal.Of(() => Parse("# nobody yet\n"), "no signer is allowed");
        Refusal.Of(() => AllowedSigners.Load("/nowhere/at/all"), "/nowhere/at/all: the file of allowed signers cannot be read");
    }

    [Test]
    public void A_file_that_is_no_text_or_too_large_is_refused()
    {
        using var folder = new TemporaryFolder();

        Refusal.Of(() => AllowedSigners.Load(folder.Write("binary", [0xFF, 0xFE, 0])), "is not UTF-8 text");
        Refusal.Of(() => AllowedSigners.Load(folder.Write("large", new byte[(1 << 20) + 1])), "has 1048577 bytes");
        Refusal.Of(() => AllowedSigners.Load(folder.Path), "cannot be read");
        FinishedProcess.Run("mkfifo", [folder["pipe"]]).Succeeded();
        Refusal.Of(() => AllowedSigners.Load(folder["pipe"]), "is empty, or no ordinary file");
    }

    [Test]
    public void A_weak_RSA_key_is_refused()
    {
        using var folder = new TemporaryFolder();
        var weak = SshKey.Make(folder, "weak", "rsa", 1024);

        Refusal.Of(() => Parse(weak.Line("alice")), "signers:1: the ssh-rsa key cannot be used: an RSA key needs a modulus of 2048 to 16384 bits; this has 1024");
    }

    [Test]
    public void A_point_that_is_not_on_the_curve_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] blob = Convert.FromBase64String(SshKey.Make(folder, "key", "ecdsa", 256).Public.Split(' ')[1]);
        blob[^1] ^= 1;

        Refusal.Of(() => Parse($"alice ecdsa-sha2-nistp256 {Convert.ToBase64String(blob)}"), "its point is not on that curve");
    }

    [Test]
    public void Two_keys_of_one_name_and_two_names_of_one_key_are_one_person()
    {
        using var folder = new TemporaryFolder();
        SshKey[] keys = [.. Enumerable.Range(0, 4).Select(i => SshKey.Make(folder, $"k{i}"))];
        AllowedSigners signers = Parse(keys[0].Line("alice") + keys[1].Line("alice,al") + keys[2].Line("al") + keys[2].Line("root") + keys[3].Line("bob"));

        Assert.That(keys.Select(key => signers.PersonOf(KeyOf(key.Public))), Is.EqualTo(new[] { "al", "al", "al", "bob" }));
    }

    [Test]
    public void Whatever_a_file_holds_is_read_or_refused()
    {
        string[] words = ["alice", "bob,carol", "namespaces=\"git\"", "valid-after=20260101", "valid-before=", "cert-authority", "ssh-ed25519", "ssh-rsa", Key.Split(' ')[1], "\"", ",", "=", "*", " ", "\t", "\n", "#", "\0", "é"];
        SeededProperty.Holds(2_000, random =>
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => words[random.Next(words.Length)] + (random.Next(3) == 0 ? "" : " ")));
            try
            {
                Parse(text);
            }
            catch (PolicyStoreException refusal)
            {
                Assert.That(refusal.Message, Does.StartWith("signers:").And.Not.Contain("\n"));
            }
        });
    }
}
