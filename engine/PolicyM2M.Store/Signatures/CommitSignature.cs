using System.Security.Cryptography;
using System.Text;
using LibGit2Sharp;

namespace PolicyM2M.Store.Signatures;

/// <summary>The signature that stands in a commit, as <c>git commit -S</c> with <c>gpg.format=ssh</c> puts it there.</summary>
internal static class CommitSignature
{
    private const string Purpose = "git";
    private const int MaximumCharacters = 1 << 20;
    private const int MaximumPlaces = 8;

    public static SignatureCheck Check(Repository repository, Commit commit, AllowedSigners allowed, DateTimeOffset now)
    {
        string who = $"the commit {commit.Sha[..12]}";
        SignatureInfo extracted;
        try
        {
            extracted = Commit.ExtractSignature(repository, commit.Id);
        }
        catch (NotFoundException)
        {
            return Refused($"{who} is not signed; `git commit -S` with `gpg.format=ssh` signs one");
        }
        string armored = extracted.Signature, signed = extracted.SignedData;
        if (!armored.StartsWith(SshSignature.Begin, StringComparison.Ordinal))
            return Refused($"{who} is signed by other means than SSH, and only SSH signatures are checked; `git commit -S` with `gpg.format=ssh` makes one");
        if (!IsWhole(commit, armored, signed))
            return Refused($"{who} has a form in which its signature cannot be checked; write its message in UTF-8");
        try
        {
            var signature = SshSignature.Parse(armored);
            string key = $"the {signature.Key.Type} key {signature.Key.Fingerprint}";
            if (signature.Namespace != Purpose)
                return Refused($"{who} has a signature for `{signature.Namespace}` and not for `{Purpose}`");
            if (!signature.Verifies(Encoding.UTF8.GetBytes(signed)))
                return Refused($"{who} was changed after it was signed, or its signature is another's: it does not verify with {key}");
            return Judge(signature.Key, who, key, allowed, commit.Committer.When, now);
        }
        catch (Exception fault) when (fault is FormatException or CryptographicException)
        {
            return Refused($"{who} has a signature that cannot be used: {fault.Message}");
        }
    }

    /// <summary>Whose key the signature says it was made with; null where it is nobody's, or there is none. Whether that is true, <see cref="Check"/> says.</summary>
    public static string? ClaimedBy(Repository repository, Commit commit, AllowedSigners allowed)
    {
        try
        {
            return allowed.PersonOf(SshSignature.Parse(Commit.ExtractSignature(repository, commit.Id).Signature).Key);
        }
        catch (Exception fault) when (fault is NotFoundException or FormatException)
        {
            return null;
        }
    }

    private static SignatureCheck Judge(SshPublicKey key, string who, string keyText, AllowedSigners allowed, DateTimeOffset committed, DateTimeOffset now)
    {
        if (allowed.PersonOf(key) is not { } person)
            return Refused($"{who} is signed with {keyText}, which {allowed.Path} does not name");
        AllowedSigner[] lines = [.. allowed.Of(key).Where(line => line.MaySignFor(Purpose))];
        if (lines.Length == 0)
            return Refused($"{who} is signed by {person} with {keyText}, whose namespaces in {allowed.Path} leave out `{Purpose}`");
        // The committer's date is whatever the committer says, so the clock is asked too; and a key that was not valid yet then was not meant for it.
        return Array.Exists(lines, line => line.CountsAt(committed) && line.CountsAt(now))
            ? new SignatureCheck(person, null)
            : Refused($"{who} is signed by {person} with {keyText}, which does not count at its date or any more: see `valid-after` and `valid-before` in {allowed.Path}");
    }

    /// <summary>
    /// Whether these two texts, put together, are this very commit, byte for byte: they come as text, and what no text holds (bytes that are no UTF-8, a NUL)
    /// would be lost on the way, so that a signature could seem to hold for what it was not made for.
    /// </summary>
    private static bool IsWhole(Commit commit, string armored, string signed)
    {
        int headersEnd = signed.IndexOf("\n\n", StringComparison.Ordinal);
        if (headersEnd < 0 || signed.Length + armored.Length > MaximumCharacters || commit.Sha.Length != 2 * SHA1.HashSizeInBytes)
            return false;
        string header = $"gpgsig {armored.TrimEnd('\n').Replace("\n", "\n ", StringComparison.Ordinal)}\n";
        // Git writes it after all other headers; another program may have put it before the last few.
        int at = headersEnd + 1;
        for (int tried = 0; tried < MaximumPlaces && at > 0; tried++)
        {
            if (IdOf(signed[..at] + header + signed[at..]) == commit.Sha)
                return true;
            at = at < 2 ? 0 : signed.LastIndexOf('\n', at - 2) + 1;
        }
        return false;
    }

    private static string IdOf(string commit)
    {
        byte[] content = Encoding.UTF8.GetBytes(commit);
#pragma warning disable CA5350 // It is what names a commit; whether somebody signed it is another question.
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"commit {content.Length}\0"), .. content]));
#pragma warning restore CA5350
    }

    private static SignatureCheck Refused(string why) => new(null, why);
}
