using PolicyM2M.Store.Remotes;

namespace PolicyM2M.Store.Tests.Remotes;

/// <summary>Which URLs are followed, and what of them is shown.</summary>
[TestFixture]
public sealed class RemoteUrlTests
{
    [TestCase("file:///srv/policies.git", "file", "", "", "/srv/policies.git", "file:///srv/policies.git")]
    [TestCase("https://git.example/fleet/policies.git", "https", "", "git.example", "/fleet/policies.git", "https://git.example/fleet/policies.git")]
    [TestCase("HTTPS://deploy@git.example:8443/p", "https", "deploy", "git.example:8443", "/p", "HTTPS://git.example:8443/p")]
    [TestCase("https://[2001:db8::1]:8443/p", "https", "", "[2001:db8::1]:8443", "/p", "https://[2001:db8::1]:8443/p")]
    [TestCase("ssh://git@git.example:2222/~/p.git", "ssh", "git", "git.example:2222", "/~/p.git", "ssh://git.example:2222/~/p.git")]
    [TestCase("git@git.example:fleet/policies.git", "ssh", "git", "git.example", "fleet/policies.git", "git@git.example:fleet/policies.git")]
    public void A_URL_is_taken_apart_and_shown_without_its_user(string text, string scheme, string user, string host, string path, string shown)
    {
        Assert.That(RemoteRepository.IsUrl(text), Is.True);
        var url = RemoteUrl.Parse(text);
        Assert.That((url.Text, url.Scheme, url.User, url.Host, url.Path, url.Shown), Is.EqualTo((text, scheme, user, host, path, shown)));
    }

    [TestCase(".")]
    [TestCase("/srv/policies.git")]
    [TestCase("policies")]
    [TestCase("C:\\policies")]
    [TestCase("../a@b/c")]
    public void A_folder_is_no_URL(string text) => Assert.That(RemoteRepository.IsUrl(text), Is.False);

    [TestCase("http://git.example/p", "over http nobody knows who answers")]
    [TestCase("git://git.example/p", "over git nobody knows who answers")]
    [TestCase("ftp://git.example/p", "use file:, https: or ssh:")]
    [TestCase("ext::sh -c touch% /tmp/x", "spaces or control characters")]
    [TestCase("ext::sh", "names a program")]
    [TestCase("https::https://git.example/p", "names a program")]
    [TestCase("git@host::p", "names a program")]
    [TestCase("file://git.example/p", "names no folder of this machine")]
    [TestCase("https://git.example", "names no host and path")]
    [TestCase("https:///p", "names no host and path")]
    [TestCase("https://git.example/p?x=y", "names no host and path")]
    [TestCase("ssh://-oProxyCommand=touch/p", "names no host and path")]
    [TestCase("ssh://-x/p", "begin with a dash")]
    [TestCase("ssh://-x@git.example/p", "begin with a dash")]
    [TestCase("-oProxyCommand=x@git.example:p", "begin with a dash")]
    [TestCase("git@git.example:-p", "begin with a dash")]
    [TestCase("https://git.example/p\n", "spaces or control characters")]
    public void What_cannot_be_followed_safely_is_refused(string text, string message)
    {
        Assert.That(RemoteRepository.IsUrl(text), Is.True, "it is no folder");
        Refusal.Of(() => RemoteUrl.Parse(text), message);
    }

    [TestCase("https://deploy:s3cret@git.example/p")]
    [TestCase("ssh://deploy:s3cret@git.example/p")]
    [TestCase("http://s3cret@git.example/p")]
    [TestCase("https://s3cret@git.example/p q")]
    [TestCase("https://:s3cret@git.example/p")]
    public void What_may_be_secret_is_not_in_the_message(string text) =>
        Assert.That(Assert.Throws<PolicyStoreException>(() => RemoteUrl.Parse(text))!.Message, Does.Not.Contain("s3cret").And.Contain("git.example"));
}
