using System.Security.Cryptography;

namespace PolicyM2M.Store.Signatures;

/// <summary>
/// A public key as SSH writes it (RFC 4253, section 6.6; RFC 5656; RFC 8709; those in security keys: OpenSSH, PROTOCOL.u2f), of a kind whose signatures are
/// checked here. Immutable.
/// </summary>
internal sealed class SshPublicKey
{
    public const string KnownTypes = "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa, sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com";

    private const string SecurityKeyEd25519 = "sk-ssh-ed25519@openssh.com", SecurityKeyEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";

    /// <summary>The flag by which a security key says that somebody touched it.</summary>
    private const byte Touched = 1;

    private const int SmallestModulusBits = 2048;

    /// <summary>Verifying with a larger one would take seconds, and no program makes them.</summary>
    private const int LargestModulusBits = 16384;

    private const int LargestExponentBytes = 8;

    private delegate bool Verifier(ReadOnlySpan<byte> data, string algorithm, ReadOnlySpan<byte> signature);

    private readonly byte[] _blob;
    private readonly Verifier _verify;

    /// <summary>What a security key was told that it signs for, such as <c>ssh:</c>; null for other keys.</summary>
    private readonly byte[]? _application;

    private SshPublicKey(string type, byte[] blob, Verifier verify, byte[]? application)
    {
        _application = application;
        Type = type;
        _blob = blob;
        _verify = verify;
    }

    /// <summary>Its type, such as <c>ssh-ed25519</c>.</summary>
    public string Type { get; }

    /// <summary>What people compare: <c>SHA256:</c> and the hash of the key, as <c>ssh-keygen -l</c> prints it.</summary>
    public string Fingerprint => $"SHA256:{Convert.ToBase64String(SHA256.HashData(_blob)).TrimEnd('=')}";

    public bool Is(SshPublicKey other) => _blob.AsSpan().SequenceEqual(other._blob);

    /// <summary>Reads a key.</summary>
    /// <exception cref="FormatException">It is none, or of a type that is not checked here; the message says which and why.</exception>
    public static SshPublicKey Parse(ReadOnlySpan<byte> blob)
    {
        var reader = new SshReader(blob);
        string type = reader.Name();
        Verifier verify = type switch
        {
            "ssh-ed25519" or SecurityKeyEd25519 => Ed25519Verifier(ref reader, type),
            "ecdsa-sha2-nistp256" or SecurityKeyEcdsa => EcdsaVerifier(ref reader, type, ECCurve.NamedCurves.nistP256, HashAlgorithmName.SHA256),
            "ecdsa-sha2-nistp384" => EcdsaVerifier(ref reader, type, ECCurve.NamedCurves.nistP384, HashAlgorithmName.SHA384),
            "ecdsa-sha2-nistp521" => EcdsaVerifier(ref reader, type, ECCurve.NamedCurves.nistP521, HashAlgorithmName.SHA512),
            "ssh-rsa" => RsaVerifier(ref reader),
            _ => throw new FormatException($"keys of the type `{type}` are not supported; use one of {KnownTypes}"),
        };
        byte[]? application = type is SecurityKeyEd25519 or SecurityKeyEcdsa ? reader.Bytes().ToArray() : null;
        reader.End();
        return new SshPublicKey(type, blob.ToArray(), verify, application);
    }

    /// <summary>Whether this key made a signature of the data.</summary>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">The signature with the name of its algorithm before it (RFC 4253, section 6.6).</param>
    /// <exception cref="FormatException">The signature is none.</exception>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var reader = new SshReader(signature);
        string algorithm = reader.Name();
        ReadOnlySpan<byte> value = reader.Bytes();
        if (_application is null)
        {
            reader.End();
            return _verify(data, algorithm, value);
        }
        ReadOnlySpan<byte> flags = reader.Take(1), counter = reader.Take(sizeof(uint));
        reader.End();
        return (flags[0] & Touched) != 0 && _verify([.. SHA256.HashData(_application), .. flags, .. counter, .. SHA256.HashData(data)], algorithm, value);
    }

    private static Verifier Ed25519Verifier(ref SshReader reader, string type)
    {
        byte[] key = reader.Bytes().ToArray();
        return key.Length == Ed25519.KeyBytes
            ? (data, algorithm, signature) => algorithm == type && Ed25519.Verify(key, data, signature)
            : throw new FormatException($"an Ed25519 key has {Ed25519.KeyBytes} bytes");
    }

    private static Verifier EcdsaVerifier(ref SshReader reader, string type, ECCurve curve, HashAlgorithmName hash)
    {
        string name = reader.Name();
        if (type != $"ecdsa-sha2-{name}" && !(type == SecurityKeyEcdsa && name == "nistp256"))
            throw new FormatException($"its curve `{name}` is not that of its type `{type}`");
        int size = name switch { "nistp256" => 32, "nistp384" => 48, _ => 66 };
        ReadOnlySpan<byte> point = reader.Bytes();
        const byte Uncompressed = 4;
        if (point.Length != 1 + (2 * size) || point[0] != Uncompressed)
            throw new FormatException("its point is not an uncompressed one of that curve");
        var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = point[1..(1 + size)].ToArray(), Y = point[(1 + size)..].ToArray() } };
        Try(() => ECDsa.Create(parameters), "its point is not on that curve");
        return (data, algorithm, signature) =>
        {
            if (algorithm != type)
                return false;
            var numbers = new SshReader(signature);
            ReadOnlySpan<byte> r = numbers.Integer(), s = numbers.Integer();
            numbers.End();
            if (r.Length > size || s.Length > size)
                return false;
            byte[] both = new byte[2 * size];
            r.CopyTo(both.AsSpan(size - r.Length));
            s.CopyTo(both.AsSpan((2 * size) - s.Length));
            using var key = ECDsa.Create(parameters);
            return key.VerifyData(data, both, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        };
    }

    private static Verifier RsaVerifier(ref SshReader reader)
    {
        byte[] exponent = reader.Integer().ToArray(), modulus = reader.Integer().ToArray();
        int bits = modulus.Length * 8;
        if (bits is < SmallestModulusBits or > LargestModulusBits || exponent.Length is 0 or > LargestExponentBytes)
            throw new FormatException($"an RSA key needs a modulus of {SmallestModulusBits} to {LargestModulusBits} bits; this has {bits}");
        var parameters = new RSAParameters { Modulus = modulus, Exponent = exponent };
        Try(() => RSA.Create(parameters), "its numbers are not those of an RSA key");
        return (data, algorithm, signature) =>
        {
            // `ssh-rsa` as the name of a signature means SHA-1, which proves nothing any more (RFC 8332).
            HashAlgorithmName? hash = algorithm switch { "rsa-sha2-256" => HashAlgorithmName.SHA256, "rsa-sha2-512" => HashAlgorithmName.SHA512, _ => null };
            if (hash is null)
                return false;
            using var key = RSA.Create(parameters);
            return key.VerifyData(data, signature, hash.Value, RSASignaturePadding.Pkcs1);
        };
    }

    /// <summary>Lets the system look at a key before anybody relies on it.</summary>
    private static void Try(Func<AsymmetricAlgorithm> import, string fault)
    {
        try
        {
            import().Dispose();
        }
        catch (CryptographicException)
        {
            throw new FormatException(fault);
        }
    }
}
