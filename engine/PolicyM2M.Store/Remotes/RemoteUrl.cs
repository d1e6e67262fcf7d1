using System.Text.RegularExpressions;

namespace PolicyM2M.Store.Remotes;

/// <summary>
/// Where a remote repository is (git-clone(1), GIT URLS), as far as it can be reached safely: `file:`, `https:` and `ssh:`, also written `user@host:path`.
/// Nothing in it can be taken for an option or for a command, and nobody is to see what may be secret in it. Immutable.
/// </summary>
internal sealed partial class RemoteUrl
{
    private RemoteUrl(string text, string scheme, string user, string host, string path)
    {
        Text = text;
        Scheme = scheme;
        User = user;
        Host = host;
        Path = path;
    }

    /// <summary>As Git takes it.</summary>
    public string Text { get; }

    /// <summary><c>file</c>, <c>https</c> or <c>ssh</c>.</summary>
    public string Scheme { get; }

    /// <summary>The user to log in as; empty where the URL names none.</summary>
    public string User { get; }

    /// <summary>The host, with its port where one is given; empty for a file.</summary>
    public string Host { get; }

    /// <summary>The path on that host.</summary>
    public string Path { get; }

    /// <summary>For people and logs: without the user, which may be a token; that of <c>user@host:path</c> is only a name.</summary>
    public string Shown => Scrubbed(Text);

    /// <summary>Whether a text is meant for a URL, and not for a folder of this machine.</summary>
    public static bool IsMeant(string text) => WithScheme().IsMatch(text) || Scp().IsMatch(text) || text.Contains("::", StringComparison.Ordinal);

    /// <exception cref="PolicyStoreException">It is none that can be followed; the message says why, without what may be secret in it.</exception>
    public static RemoteUrl Parse(string text)
    {
        string shown = Scrubbed(new string([.. text.Select(c => char.IsControl(c) ? '?' : c)]));
        if (text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            throw new PolicyStoreException($"`{shown}` has spaces or control characters, and no URL does");
        if (Scp().Match(text) is { Success: true } scp && !WithScheme().IsMatch(text))
            return Checked(new RemoteUrl(text, "ssh", scp.Groups["user"].Value, scp.Groups["host"].Value, scp.Groups["path"].Value), shown);
        Match url = WithScheme().Match(text);
        string scheme = url.Groups["scheme"].Value.ToLowerInvariant();
        if (text.Contains("::", StringComparison.Ordinal) && !text.Contains("://[", StringComparison.Ordinal))
            throw new PolicyStoreException($"`{shown}` names a program that is to fetch, and none is run; use file:, https: or ssh:");
        return scheme switch
        {
            "file" or "https" or "ssh" => Checked(Split(text, scheme, url.Groups["rest"].Value, shown), shown),
            "http" or "git" => throw new PolicyStoreException($"`{shown}`: over {scheme} nobody knows who answers; use https: or ssh:"),
            _ => throw new PolicyStoreException($"`{shown}` is no URL that can be followed; use file:, https: or ssh:"),
        };
    }

    /// <summary>A text in which no URL says any more who logs in, or by what.</summary>
    public static string Scrubbed(string text) => UserInfo().Replace(text, "://");

    private static RemoteUrl Split(string text, string scheme, string rest, string shown)
    {
        if (scheme == "file")
            return rest.StartsWith("///", StringComparison.Ordinal)
                ? new RemoteUrl(text, scheme, "", "", Uri.UnescapeDataString(rest[2..]))
                : throw new PolicyStoreException($"`{shown}` names no folder of this machine, such as file:///srv/policies.git");
        Match parts = HostAndPath().Match(rest);
        if (!parts.Success)
            throw new PolicyStoreException($"`{shown}` names no host and path, such as {scheme}://git.example/policies.git");
        if (parts.Groups["password"].Success)
            throw new PolicyStoreException($"`{shown}` holds a password, which every user of the machine can see; keep it in a file");
        return new RemoteUrl(text, scheme, parts.Groups["user"].Value, parts.Groups["host"].Value, parts.Groups["path"].Value);
    }

    /// <summary>A user or a host that begins with a dash would be an option of ssh.</summary>
    private static RemoteUrl Checked(RemoteUrl url, string shown) =>
        url.User.StartsWith('-') || url.Host.StartsWith('-') || url.Path.StartsWith('-')
            ? throw new PolicyStoreException($"`{shown}`: no part of it may begin with a dash")
            : url;

    [GeneratedRegex("^(?<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?<rest>//.*)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex WithScheme();

    [GeneratedRegex("^(?<user>[^@:/\\\\\\s]+)@(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):(?<path>[^:].*)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Scp();

    [GeneratedRegex("^//((?<user>[^@:/]*)(:(?<password>[^@/]*))?@)?(?<host>([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?)(?<path>/[^?#]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex HostAndPath();

    [GeneratedRegex("://[^/\\s'\"]*@", RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();
}
