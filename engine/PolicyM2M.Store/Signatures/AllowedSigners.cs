using System.Collections.Immutable;

namespace PolicyM2M.Store.Signatures;

/// <summary>
/// Whose signatures count: an allowed signers file as OpenSSH and Git read it (ssh-keygen(1), ALLOWED SIGNERS). It lies outside the repository, since
/// what could be pushed could name anybody. Where it allows what cannot be told apart here, it is refused. Immutable.
/// </summary>
public sealed class AllowedSigners
{
    private const long MaximumBytes = 1 << 20;

    private readonly ImmutableArray<AllowedSigner> _signers;

    private AllowedSigners(string path, ImmutableArray<AllowedSigner> signers)
    {
        Path = path;
        _signers = signers;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="PolicyStoreException">It cannot be read, names nobody, or has a line that means nothing; the message begins with the file and the line.</exception>
    public static AllowedSigners Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes;
        try
        {
            if (FileLength.Of(path) == 0)
                throw new PolicyStoreException($"{path}: the file of allowed signers is empty, or no ordinary file");
            using FileStream file = File.OpenRead(path);
            if (file.Length > MaximumBytes)
                throw new PolicyStoreException($"{path}: the file of allowed signers has {file.Length} bytes, and it may have {MaximumBytes}");
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PolicyStoreException($"{path}: the file of allowed signers cannot be read: {fault.Message}", fault);
        }
        return SourceDecoding.TryDecode(bytes, out string? text) ? Parse(path, text) : throw new PolicyStoreException($"{path}: the file of allowed signers is not UTF-8 text");
    }

    internal static AllowedSigners Parse(string path, string text)
    {
        var signers = ImmutableArray.CreateBuilder<AllowedSigner>();
        int number = 0;
        foreach (string line in text.Split('\n'))
        {
            number++;
            string content = line.Trim();
            if (content.Length == 0 || content.StartsWith('#'))
                continue;
            try
            {
                signers.Add(AllowedSignerLine.Read(content));
            }
            catch (FormatException fault)
            {
                throw new PolicyStoreException($"{path}:{number}: {fault.Message}", fault);
            }
        }
        return signers.Count > 0
            ? new AllowedSigners(path, signers.ToImmutable())
            : throw new PolicyStoreException($"{path}: no signer is allowed; write a line such as: alice@example.com namespaces=\"git\" ssh-ed25519 AAAA…");
    }

    /// <summary>
    /// Whose a key is, by one name for each person: lines that share a name or a key are one person's, so that nobody counts twice. Null where it is nobody's.
    /// </summary>
    internal string? PersonOf(SshPublicKey key)
    {
        var names = new SortedSet<string>(Of(key).SelectMany(signer => signer.Principals), StringComparer.Ordinal);
        int known;
        do
        {
            known = names.Count;
            foreach (AllowedSigner named in _signers.Where(signer => signer.Principals.Any(names.Contains)).ToArray())
                names.UnionWith(Of(named.Key).SelectMany(signer => signer.Principals));
        }
        while (names.Count > known);
        return names.Min;
    }

    /// <summary>The lines of a key.</summary>
    internal IEnumerable<AllowedSigner> Of(SshPublicKey key) => _signers.Where(signer => signer.Key.Is(key));
}
