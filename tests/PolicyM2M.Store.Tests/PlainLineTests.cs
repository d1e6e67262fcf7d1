using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests;

/// <summary>What others wrote, where it stands in a line of a log.</summary>
internal sealed class PlainLineTests
{
    [TestCase("plain, ünïcöde, 中文 and 🔑", "plain, ünïcöde, 中文 and 🔑")]
    [TestCase("two\r\nlines\u2028three\u2029four\u0085five", "two  lines three four five")]
    [TestCase("\u001b[2Jcleared\u0007", " [2Jcleared ")]
    [TestCase("turned \u202Earound\u202C and \u2066isolated\u2069", "turned  around  and  isolated ")]
    [TestCase("hid\u200Bden \U000E0041 tag", "hid den   tag")]
    public void What_would_steer_who_reads_it_is_a_space(string text, string shown) => Assert.That(PlainLine.Of(text), Is.EqualTo(shown));

    [Test]
    public void The_summary_of_a_commit_and_the_name_in_a_refusal_are_plain()
    {
        using var git = new TemporaryGitRepository();
        git.Commit("good \u202Edab\u202C", ("a.m2m", ""));
        Assert.That(GitPolicyRepository.Open(git.Path).ReadRevision("HEAD", "").Summary, Is.EqualTo("good  dab"));
        File.CreateSymbolicLink(Path.Combine(git.Path, "\u202Ea.m2m"), "a.m2m");
        git.Commit("link");
        Refusal.Of(() => GitPolicyRepository.Open(git.Path).ReadRevision("HEAD", ""), "` a.m2m` is a symbolic link");
    }
}
