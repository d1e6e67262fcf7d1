using System.Text;

namespace PolicyM2M.Store.Remotes;

/// <summary>How to be let in at a remote: files only, read at each fetch, so that what is in them can be exchanged and no command line shows it. Immutable.</summary>
/// <param name="SshKey">The private key to log in with over ssh:; null for those that ssh finds itself, or its agent holds.</param>
/// <param name="KnownHosts">The keys of the ssh: hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT); null for the user's own.</param>
/// <param name="Authorities">The PEM certificates of the authorities that https: hosts are trusted by; null for the machine's.</param>
/// <param name="Token">A file that holds the password or access token for https:; null for none.</param>
public sealed record RemoteAccess(string? SshKey = null, string? KnownHosts = null, string? Authorities = null, string? Token = null)
{
    private const int MaximumTokenBytes = 4 << 10;

    /// <summary>The user name where the URL has none: with a token most hosts take any.</summary>
    private const string AnyUser = "git";

    /// <summary>How `ssh` is called: it asks nobody, and talks to no host that it does not know.</summary>
    internal string SshCommand
    {
        get
        {
            var command = new StringBuilder(
                "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o ForwardAgent=no -o ClearAllForwardings=yes");
            if (SshKey is not null)
                command.Append($" -o IdentitiesOnly=yes -i {Quoted(System.IO.Path.GetFullPath(SshKey))}");
            if (KnownHosts is not null)
                command.Append($" -o GlobalKnownHostsFile=/dev/null -o {Quoted($"UserKnownHostsFile=\"{System.IO.Path.GetFullPath(KnownHosts)}\"")}");
            return command.ToString();
        }
    }

    /// <summary>The settings of Git that this is, for one remote.</summary>
    /// <exception cref="PolicyStoreException">A file cannot be read, or holds no token.</exception>
    internal IEnumerable<KeyValuePair<string, string>> Settings(RemoteUrl url)
    {
        foreach (string file in new[] { SshKey, KnownHosts, Authorities }.OfType<string>())
            Readable(file);
        if (url.Scheme != "https")
            yield break;
        if (Authorities is not null)
            yield return new("http.sslCAInfo", System.IO.Path.GetFullPath(Authorities));
        if (Token is not null)
        {
            string user = url.User.Length > 0 ? Uri.UnescapeDataString(url.User) : AnyUser;
            string credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{ReadToken(Token)}"));
            yield return new($"http.https://{url.Host}/.extraHeader", $"Authorization: Basic {credentials}");
        }
    }

    /// <summary>Makes sure that a file can be read, and measures it. What has no bytes is not opened, since it may be a pipe.</summary>
    private static long Readable(string file)
    {
        try
        {
            long length = FileLength.Of(file);
            if (length > 0)
                File.OpenRead(file).Dispose();
            return length;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStoreException($"`{file}`, which the remote needs, cannot be read: {fault.Message}", fault);
        }
    }

    private static string ReadToken(string file)
    {
        string token = Readable(file) is > 0 and <= MaximumTokenBytes ? File.ReadAllText(file).Trim() : "";
        return token.Length > 0 && !token.Any(char.IsControl) ? token : throw new PolicyStoreException($"`{file}` was expected to hold an access token, in one line");
    }

    /// <summary>For the shell that Git starts ssh with.</summary>
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
