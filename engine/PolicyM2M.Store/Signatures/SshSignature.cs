using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Store.Signatures;

/// <summary>A signature as <c>ssh-keygen -Y sign</c> makes it (OpenSSH, PROTOCOL.sshsig). Immutable.</summary>
internal sealed class SshSignature
{
    public const string Begin = "-----BEGIN SSH SIGNATURE-----";
    private const string End = "-----END SSH SIGNATURE-----";
    private const uint Version = 1;

    /// <summary>That of the largest RSA key has some six kilobytes.</summary>
    private const int MaximumCharacters = 32 << 10;

    private static readonly byte[] Magic = "SSHSIG"u8.ToArray();

    private readonly byte[] _signature;
    private readonly string _hash;

    private SshSignature(SshPublicKey key, string purpose, string hash, byte[] signature)
    {
        Key = key;
        Namespace = purpose;
        _hash = hash;
        _signature = signature;
    }

    /// <summary>The key that says it made it; whether that key may, is for others to say.</summary>
    public SshPublicKey Key { get; }

    /// <summary>What it was made for: <c>git</c> for commits and tags.</summary>
    public string Namespace { get; }

    /// <summary>Reads an armored signature.</summary>
    /// <exception cref="FormatException">It is none, or made in a way that is not checked here; the message says why.</exception>
    public static SshSignature Parse(string armored)
    {
        var reader = new SshReader(Unwrapped(armored));
        if (!reader.Take(Magic.Length).SequenceEqual(Magic))
            throw new FormatException("it does not begin with SSHSIG");
        uint version = reader.UInt32();
        if (version != Version)
            throw new FormatException($"its version is {version}, and only {Version} is known");
        SshPublicKey key = SshPublicKey.Parse(reader.Bytes());
        string purpose = reader.Name();
        if (reader.Bytes().Length > 0)
            throw new FormatException("its reserved field is not empty");
        string hash = reader.Name();
        if (hash is not ("sha256" or "sha512"))
            throw new FormatException($"its hash is `{hash}`, and only sha256 and sha512 are allowed");
        byte[] signature = reader.Bytes().ToArray();
        reader.End();
        return new SshSignature(key, purpose, hash, signature);
    }

    /// <summary>Whether <see cref="Key"/> signed this message, for this namespace.</summary>
    /// <exception cref="FormatException">What was made by the key is no signature at all.</exception>
    public bool Verifies(ReadOnlySpan<byte> message)
    {
        byte[] digest = _hash == "sha256" ? SHA256.HashData(message) : SHA512.HashData(message);
        byte[] signed = [.. Magic, .. Text(Namespace), .. Text(""), .. Text(_hash), .. Field(digest)];
        return Key.Verify(signed, _signature);
    }

    private static byte[] Text(string text) => Field(Encoding.ASCII.GetBytes(text));

    private static byte[] Field(byte[] bytes) => [(byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];

    private static byte[] Unwrapped(string armored)
    {
        string text = armored.Trim();
        if (text.Length > MaximumCharacters)
            throw new FormatException($"it has more than {MaximumCharacters} characters");
        if (!text.StartsWith(Begin, StringComparison.Ordinal) || !text.EndsWith(End, StringComparison.Ordinal) || text.Length < Begin.Length + End.Length)
            throw new FormatException($"it does not stand between `{Begin}` and `{End}`");
        string content = text[Begin.Length..^End.Length];
        byte[] bytes = new byte[content.Length];
        return Convert.TryFromBase64String(content, bytes, out int written) ? bytes[..written] : throw new FormatException("it is not base64");
    }
}
