using System.Text;
using PolicyM2M.Store.Signatures;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Signatures;

/// <summary>Commits that the real git signed with keys that the real ssh-keygen made.</summary>
[TestFixture]
public sealed class CommitSignatureTests
{
    private TemporaryGitRepository _git = null!;
    private TemporaryFolder _folder = null!;
    private SshKey _alice = null!;

    [SetUp]
    public void Prepare()
    {
        _folder = new TemporaryFolder();
        _git = new TemporaryGitRepository();
        _alice = SshKey.Make(_folder, "alice");
    }

    [TearDown]
    public void Delete()
    {
        _git.Dispose();
        _folder.Dispose();
    }

    [TestCase("ed25519", 0)]
    [TestCase("ecdsa", 256)]
    [TestCase("ecdsa", 384)]
    [TestCase("ecdsa", 521)]
    [TestCase("rsa", 2048)]
    [TestCase("rsa", 3072)]
    public void A_commit_signed_with_a_key_of_each_type_names_its_signer(string type, int bits)
    {
        var key = SshKey.Make(_folder, $"{type}{bits}", type, bits);
        // The numbers of an ECDSA signature are of different lengths now and then.
        for (int i = 0; i < 4; i++)
        {
            _git.SignWith(key);
            Commit($"signed {i}\n\nWith a body: äöü €.");
            Assert.That(Check(key.Line("bob@example.com", "namespaces=\"file,git\"")), Is.EqualTo(new SignatureCheck("bob@example.com", null)));
        }
    }

    [Test]
    public void A_commit_without_a_signature_is_told_how_to_get_one()
    {
        Commit("first");

        Refused(_alice.Line("alice"), $"the commit {_git.Head[..12]} is not signed; `git commit -S` with `gpg.format=ssh` signs one");
    }

    [Test]
    public void A_key_that_nobody_allowed_is_named_by_its_fingerprint()
    {
        _git.SignWith(SshKey.Make(_folder, "mallory"));
        Commit("first");

        Refused(_alice.Line("alice"), $"the ssh-ed25519 key {new SshKey(_folder["mallory"]).Fingerprint}, which {_folder["allowed"]} does not name");
    }

    [TestCase("tree")]
    [TestCase("message")]
    [TestCase("committer")]
    public void A_commit_that_was_changed_after_it_was_signed_is_refused(string what)
    {
        string other = Commit("other", ("policyset.yaml", "other"));
        _git.SignWith(_alice);
        Commit("signed", ("policyset.yaml", "signed"));
        string text = Raw();
        string changed = what switch
        {
            "tree" => text.Replace(_git.Git("rev-parse", "HEAD^{tree}"), _git.Git("rev-parse", $"{other}^{{tree}}"), StringComparison.Ordinal),
            "message" => text + "more\n",
            _ => text.Replace("committer A Policy Author", "committer Another", StringComparison.Ordinal),
        };
        Assert.That(changed, Is.Not.EqualTo(text));
        Become(Encoding.UTF8.GetBytes(changed));

        Refused(_alice.Line("alice"), "was changed after it was signed");
    }

    [Test]
    public void The_signature_of_one_commit_is_none_of_another()
    {
        _git.SignWith(_alice);
        Commit("first");
        string signature = Signature(Raw());
        Commit("second", ("policyset.yaml", "2"));
        string text = Raw();
        Become(Encoding.UTF8.GetBytes(text.Replace(Signature(text), signature, StringComparison.Ordinal)));

        Refused(_alice.Line("alice"), "was changed after it was signed");
    }

    [Test]
    public void A_signature_for_something_else_does_not_count_even_where_the_commit_is_what_was_signed()
    {
        _git.SignWith(_alice);
        Commit("first");
        string text = Raw(), header = $"gpgsig {Signature(text)}\n";
        string unsigned = text.Replace(header, "", StringComparison.Ordinal);
        FinishedProcess.Run(RequiredProgram.SshKeygen.Require(), ["-q", "-Y", "sign", "-n", "file", "-f", _alice.Path, _folder.Write("commit", unsigned)]).Succeeded();
        string armored = File.ReadAllText(_folder["commit.sig"]).TrimEnd('\n').Replace("\n", "\n ", StringComparison.Ordinal);
        Become(Encoding.UTF8.GetBytes(text.Replace(header, $"gpgsig {armored}\n", StringComparison.Ordinal)));

        Refused(_alice.Line("alice"), "has a signature for `file` and not for `git`");
    }

    [Test]
    public void A_key_that_is_allowed_for_something_else_does_not_sign_commits()
    {
        _git.SignWith(_alice);
        Commit("first");

        Refused(_alice.Line("alice", "namespaces=\"file\""), "whose namespaces");
        Assert.That(Check(_alice.Line("alice", "namespaces=\"g?t*\"")).Signer, Is.EqualTo("alice"));
    }

    [TestCase("valid-before=20251231", false, Description = "the key had ended when the commit was made")]
    [TestCase("valid-before=20260201", false, Description = "the commit's date is before that, and now is after: a date can be made up")]
    [TestCase("valid-after=20260201", false, Description = "the key did not count yet")]
    [TestCase("valid-after=20251231,valid-before=20990101", true)]
    [TestCase("valid-after=\"20251231\",namespaces=\"git\",valid-before=\"209901011200Z\"", true)]
    public void A_key_counts_at_the_date_of_the_commit_and_now(string options, bool counts)
    {
        _git.SignWith(_alice);
        Commit("first");

        SignatureCheck check = Check(_alice.Line("alice", options), new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

        Assert.That(check.Signer, Is.EqualTo(counts ? "alice" : null));
        Assert.That(check.Refusal, counts ? Is.Null : Does.Contain("does not count at its date or any more"));
    }

    [Test]
    public void A_merge_commit_is_signed_like_any_other_whatever_headers_it_has()
    {
        Commit("first");
        _git.Git("checkout", "--quiet", "-b", "side");
        _git.SignWith(_alice);
        Commit("side", ("side", "1"));
        _git.Git("tag", "--sign", "--message", "tagged", "v1");
        _git.Git("checkout", "--quiet", "main");
        Commit("main", ("main", "1"));
        _git.Git("merge", "--quiet", "-S", "--no-edit", "v1");
        Assert.That(Raw(), Does.Contain("\nmergetag object "));

        Assert.That(Check(_alice.Line("alice")).Signer, Is.EqualTo("alice"));
    }

    [Test]
    public void A_commit_whose_bytes_are_no_text_is_refused_and_not_taken_for_another()
    {
        _git.SignWith(_alice);
        Commit("the sign \uFFFD was signed");
        byte[] lossy = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Raw())).Replace("\u00EF\u00BF\u00BD", "\u00FF", StringComparison.Ordinal));
        Become(lossy);

        Refused(_alice.Line("alice"), "has a form in which its signature cannot be checked");
    }

    [Test]
    public void What_follows_a_NUL_is_not_left_out_of_what_is_checked()
    {
        _git.SignWith(_alice);
        Commit("first");
        Become([.. Encoding.UTF8.GetBytes(Raw()), 0, (byte)'x']);

        Assert.That(Check(_alice.Line("alice")).Signer, Is.Null);
    }

    [Test]
    public void An_OpenPGP_signature_is_told_apart_from_none()
    {
        _git.SignWith(_alice);
        Commit("first");
        string text = Raw();
        Become(Encoding.UTF8.GetBytes(text.Replace("SSH SIGNATURE", "PGP SIGNATURE", StringComparison.Ordinal)));

        Refused(_alice.Line("alice"), "is signed by other means than SSH");
    }

    [Test]
    public void A_damaged_signature_is_refused_whatever_is_damaged()
    {
        _git.SignWith(_alice);
        Commit("first");
        string text = Raw(), armored = Signature(text);
        SeededProperty.Holds(60, random =>
        {
            int at = armored.IndexOf('\n', StringComparison.Ordinal) + 2 + random.Next(armored.LastIndexOf('\n') - armored.IndexOf('\n', StringComparison.Ordinal) - 3);
            string damaged = random.Next(2) == 0 ? armored.Remove(at, 1 + random.Next(Math.Min(20, armored.LastIndexOf('\n') - at))) : $"{armored[..at]}{"Az9+/=\n%"[random.Next(8)]}{armored[(at + 1)..]}";
            if (damaged.Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal) == armored.Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal))
                return;
            Become(Encoding.UTF8.GetBytes(text.Replace(armored, damaged, StringComparison.Ordinal)));
            Assert.That(Check(_alice.Line("alice")).Signer, Is.Null, damaged);
        });
    }

    [Test]
    public void Git_itself_agrees_with_what_is_accepted()
    {
        _git.SignWith(_alice);
        string id = Commit("first");
        string allowed = _folder.Write("allowed", _alice.Line("alice@example.com"));

        Assert.That(_git.Git("-c", $"gpg.ssh.allowedSignersFile={allowed}", "log", "-1", "--format=%G? %GS", id), Is.EqualTo("G alice@example.com"));
        Assert.That(Check(_alice.Line("alice@example.com")).Signer, Is.EqualTo("alice@example.com"));
    }

    private string Commit(string message, params (string Path, string Text)[] files) => _git.Commit(message, files);

    private SignatureCheck Check(string allowed, DateTimeOffset? now = null) => GitPolicyRepository.Open(_git.Path)
        .CheckSignature(_git.Head, AllowedSigners.Load(_folder.Write("allowed", allowed)), now ?? TimeProvider.System.GetUtcNow());

    private void Refused(string allowed, string why)
    {
        SignatureCheck check = Check(allowed);
        Assert.That((check.Signer, check.Refusal), Is.EqualTo(((string?)null, check.Refusal)));
        Assert.That(check.Refusal, Does.Contain(why).And.Not.Contain("\n"));
    }

    /// <summary>The text of the commit, with its last line end.</summary>
    private string Raw() => _git.Git("cat-file", "commit", "HEAD") + "\n";

    private static string Signature(string commit)
    {
        const string End = "-----END SSH SIGNATURE-----";
        int begin = commit.IndexOf("-----BEGIN SSH", StringComparison.Ordinal);
        return commit[begin..(commit.IndexOf(End, StringComparison.Ordinal) + End.Length)];
    }

    /// <summary>Makes the branch name a commit of exactly these bytes.</summary>
    private void Become(byte[] commit)
    {
        string file = _folder.Write("raw", commit);
        _git.Git("update-ref", "refs/heads/main", _git.Git("hash-object", "-w", "-t", "commit", "--literally", file));
    }
}
