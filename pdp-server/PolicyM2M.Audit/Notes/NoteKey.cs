using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace PolicyM2M.Audit.Notes;

/// <summary>
/// The public key that signs a log's checkpoints, and its name (C2SP signed-note). The signature type is 0x02: ECDSA on P-256 with SHA-256, in DER; its id is the first four bytes of the SHA-256 of the key's
/// SubjectPublicKeyInfo. Safe for all threads.
/// </summary>
public sealed class NoteKey
{
    private const byte EcdsaType = 2;

    private readonly byte[] _public;

    private NoteKey(string name, byte[] publicKey)
    {
        Name = name;
        _public = publicKey;
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(publicKey));
    }

    /// <summary>The name under which it signs: that of the log.</summary>
    public string Name { get; }

    /// <summary>The id of the key.</summary>
    internal uint Id { get; }

    /// <summary>The key on one line, as verifiers of signed notes take it: name, id, type and key.</summary>
    public override string ToString() => $"{Name}+{Id:x8}+{Convert.ToBase64String([EcdsaType, .. _public])}";

    /// <summary>Reads a key from its line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="fault">What is wrong with it; null where nothing is.</param>
    public static NoteKey? Parse(string line, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(line);
        fault = "it is no key line: expected `name+id+key`";
        string[] parts = line.Trim().Split('+', 3);
        if (parts.Length != 3 || !IsName(parts[0]) || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint id))
            return null;
        byte[] bytes = new byte[parts[2].Length];
        if (!Convert.TryFromBase64String(parts[2], bytes, out int length) || length < 2)
            return null;
        fault = "it is no ECDSA key on P-256";
        if (bytes[0] != EcdsaType)
            return null;
        var key = new NoteKey(parts[0], bytes[1..length]);
        if (!key.IsOnP256())
            return null;
        fault = key.Id == id ? null : "its id is not that of the key: a character is wrong";
        return fault is null ? key : null;
    }

    /// <summary>The public half of a key under a name.</summary>
    internal static NoteKey Of(string name, ECDsa key) => new(name, key.ExportSubjectPublicKeyInfo());

    /// <summary>Whether a text may name a key: it has no spaces and no plus.</summary>
    internal static bool IsName(string name) => name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');

    internal bool Verifies(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_public, out _);
        return key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private bool IsOnP256()
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(_public, out int length);
            return length == _public.Length && key.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
