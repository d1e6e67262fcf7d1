using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>A TLS cipher suite of the IANA registry.</summary>
/// <param name="Name">The registry's name, such as <c>TLS_AES_128_GCM_SHA256</c>.</param>
/// <param name="CodePoint">The two bytes on the wire.</param>
/// <param name="OpenSslName">What OpenSSL calls it; null where OpenSSL has no such suite.</param>
/// <param name="Tls13">Whether it is a suite of TLS 1.3; otherwise one of TLS 1.2 and before.</param>
/// <param name="Recommended">RFC 9847's mark after RFC 10015: <c>Y</c>, <c>N</c> (not evaluated, which is not praise) or <c>D</c> (discouraged).</param>
public sealed record CipherSuite(string Name, ushort CodePoint, string? OpenSslName, bool Tls13, char Recommended);

/// <summary>A group of the IANA registry "TLS Supported Groups".</summary>
/// <param name="Name">The registry's name, such as <c>X25519MLKEM768</c>.</param>
/// <param name="CodePoint">The two bytes on the wire.</param>
/// <param name="Tls12">Whether it may be used in TLS 1.2.</param>
/// <param name="Tls13">Whether it may be used in TLS 1.3.</param>
/// <param name="Recommended"><c>Y</c>, <c>N</c> or <c>D</c>, as for suites.</param>
public sealed record NamedGroup(string Name, ushort CodePoint, bool Tls12, bool Tls13, char Recommended);

/// <summary>A signature scheme of the IANA registry "TLS SignatureScheme".</summary>
/// <param name="Name">The registry's name, such as <c>ecdsa_secp256r1_sha256</c>.</param>
/// <param name="CodePoint">The two bytes on the wire.</param>
/// <param name="Tls12">Whether it may sign a TLS 1.2 handshake.</param>
/// <param name="Tls13Handshake">Whether it may sign a TLS 1.3 handshake; PKCS #1 v1.5 may not.</param>
/// <param name="Recommended"><c>Y</c>, <c>N</c> or <c>D</c>, as for suites.</param>
public sealed record SignatureScheme(string Name, ushort CodePoint, bool Tls12, bool Tls13Handshake, char Recommended);

/// <summary>
/// The IANA registries of TLS parameters, embedded as tables (state of January 2026 with RFC 9847, RFC 10015 and RFC 10024 applied).
/// Facts are looked up, never read out of a name. Immutable; safe for all threads.
/// </summary>
public static class TlsRegistry
{
    private static readonly Lazy<FrozenDictionary<string, CipherSuite>> SuitesByName = new(() => Load("tls_cipher_suites.csv", row => row["kind"] == "suite"
        ? new CipherSuite(row["iana_name"], CodePoint(row["value"]), row["openssl_name"] is { Length: > 0 } name ? name : null,
            row["max_version"] == "TLS1.3", row["recommended"][0])
        : null, suite => suite.Name));

    private static readonly Lazy<FrozenDictionary<string, NamedGroup>> GroupsByName = new(() => Load("tls_supported_groups.csv", row =>
        new NamedGroup(row["iana_name"], CodePoint(row["code"]), row["tls12"] == "yes", row["tls13"] == "yes", row["recommended"][0]), group => group.Name));

    private static readonly Lazy<FrozenDictionary<string, SignatureScheme>> SchemesByName = new(() => Load("tls_signature_schemes.csv", row =>
        new SignatureScheme(row["iana_name"], CodePoint(row["code"]), row["tls12"] == "yes", row["tls13_handshake"] == "yes", row["recommended"][0]),
        scheme => scheme.Name));

    /// <summary>All cipher suites by name. The two signalling values (SCSV) are not suites and are left out.</summary>
    public static IReadOnlyDictionary<string, CipherSuite> CipherSuites => SuitesByName.Value;

    /// <summary>All groups by name.</summary>
    public static IReadOnlyDictionary<string, NamedGroup> Groups => GroupsByName.Value;

    /// <summary>All signature schemes by name.</summary>
    public static IReadOnlyDictionary<string, SignatureScheme> SignatureSchemes => SchemesByName.Value;

    /// <summary>The SHA-256 of the tables, one after the other, in lower-case hexadecimal: it tells which state of the registries a program has.</summary>
    public static string TablesHash => Hash.Value;

    private static readonly Lazy<string> Hash = new(() =>
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string resource in new[] { "tls_cipher_suites.csv", "tls_supported_groups.csv", "tls_signature_schemes.csv" })
        {
            using Stream stream = Open(resource);
            byte[] table = new byte[stream.Length];
            stream.ReadExactly(table);
            all.AppendData(table);
        }
        return Convert.ToHexStringLower(all.GetHashAndReset());
    });

    /// <summary>The names of a field, as bundles carry them; empty where its names are none of a registry.</summary>
    internal static IReadOnlyDictionary<string, RegisteredName> Registered(string field) => field switch
    {
        "suites" => RegisteredSuites.Value,
        "groups" => RegisteredGroups.Value,
        "signatures" => RegisteredSchemes.Value,
        _ => FrozenDictionary<string, RegisteredName>.Empty,
    };

    private static readonly Lazy<FrozenDictionary<string, RegisteredName>> RegisteredSuites = new(() =>
        ByName(CipherSuites.Values.Select(suite => new RegisteredName(suite.Name, suite.CodePoint, !suite.Tls13, suite.Tls13))));

    private static readonly Lazy<FrozenDictionary<string, RegisteredName>> RegisteredGroups = new(() =>
        ByName(Groups.Values.Select(group => new RegisteredName(group.Name, group.CodePoint, group.Tls12, group.Tls13))));

    private static readonly Lazy<FrozenDictionary<string, RegisteredName>> RegisteredSchemes = new(() =>
        ByName(SignatureSchemes.Values.Select(scheme => new RegisteredName(scheme.Name, scheme.CodePoint, scheme.Tls12, scheme.Tls13Handshake))));

    private static FrozenDictionary<string, RegisteredName> ByName(IEnumerable<RegisteredName> names) => names.ToFrozenDictionary(name => name.Name, StringComparer.Ordinal);

    /// <summary>
    /// What the registry's table says of the names of a field, as <c>where</c> selects by it: for each name its facts in the table's words. Yes and no
    /// are truths, bits are numbers, and a set of words (flags) has <see cref="BetweenWords"/> between them.
    /// </summary>
    internal static IReadOnlyList<(string Name, IReadOnlyDictionary<string, string> Facts)> Facts(string field) => field switch
    {
        "suites" => SuiteFacts.Value,
        "groups" => GroupFacts.Value,
        "signatures" => SchemeFacts.Value,
        _ => [],
    };

    /// <summary>What stands between the words of a fact that is a set of them.</summary>
    internal const char BetweenWords = '|';

    /// <summary>Whether a fact is a set of words; any other is one value.</summary>
    internal static bool IsSetOfWords(string fact) => fact == Flags;

    private const string Flags = "flags";

    private static readonly Lazy<IReadOnlyList<(string, IReadOnlyDictionary<string, string>)>> SuiteFacts = new(() => LoadFacts("tls_cipher_suites.csv", row => row["kind"] == "suite" ? new()
    {
        ["aead"] = row["aead"],
        ["forward-secret"] = row["forward_secret"],
        ["key-bits"] = row["key_bits"],
        ["tag-bits"] = row["tag_bits"],
        ["key-exchange"] = row["kx"],
        ["authentication"] = row["auth"],
        ["cipher"] = row["cipher"],
        ["mode"] = row["mode"],
        ["mac"] = row["mac"],
        ["hash"] = row["hash"],
        ["recommended"] = row["recommended"],
        ["rfc10015"] = row["rfc10015"],
        ["dtls"] = row["dtls_ok"] == "Y" ? "yes" : "no",
        ["version"] = row["max_version"],
        ["first-version"] = row["min_version"],
        [Flags] = row["flags"],
    } : null));

    private static readonly Lazy<IReadOnlyList<(string, IReadOnlyDictionary<string, string>)>> GroupFacts = new(() => LoadFacts("tls_supported_groups.csv", row => new()
    {
        ["kind"] = row["kind"],
        ["classical-bits"] = row["classical_bits"],
        ["pq-category"] = row["pq_category"],
        ["tls12"] = row["tls12"],
        ["tls13"] = row["tls13"],
        ["dtls"] = row["dtls_ok"] == "Y" ? "yes" : "no",
        ["recommended"] = row["recommended"],
        ["fips-140-3"] = row["fips_140_3"],
        ["client-share-bytes"] = row["client_share_bytes"],
        ["server-share-bytes"] = row["server_share_bytes"],
    }));

    private static readonly Lazy<IReadOnlyList<(string, IReadOnlyDictionary<string, string>)>> SchemeFacts = new(() => LoadFacts("tls_signature_schemes.csv", row => new()
    {
        ["algorithm"] = row["algorithm"],
        ["hash"] = row["hash"],
        ["curve"] = row["curve"],
        ["tls12"] = row["tls12"],
        ["tls13-handshake"] = row["tls13_handshake"],
        ["tls13-certificate"] = row["tls13_certificate"],
        ["recommended"] = row["recommended"],
        ["fips-140-3"] = row["fips_140_3"],
    }));

    private static IReadOnlyList<(string, IReadOnlyDictionary<string, string>)> LoadFacts(string resource, Func<CsvRow, Dictionary<string, string>?> read)
    {
        using Stream stream = Open(resource);
        using var reader = new StreamReader(stream);
        return
        [
            .. CsvTable.Read(reader).Select(row => (Name: row["iana_name"], Facts: read(row))).Where(row => row.Facts is not null)
                .Select(row => (row.Name, (IReadOnlyDictionary<string, string>)row.Facts!)),
        ];
    }

    private static FrozenDictionary<string, T> Load<T>(string resource, Func<CsvRow, T?> read, Func<T, string> key)
        where T : class
    {
        using Stream stream = Open(resource);
        using var reader = new StreamReader(stream);
        return CsvTable.Read(reader).Select(read).OfType<T>().ToFrozenDictionary(key, StringComparer.Ordinal);
    }

    private static Stream Open(string resource) => typeof(TlsRegistry).Assembly.GetManifestResourceStream(resource)
        ?? throw new InvalidOperationException($"the embedded table {resource} is missing from the assembly");

    [SuppressMessage("Globalization", "CA1307", Justification = "a prefix of ASCII digits")]
    private static ushort CodePoint(string hexadecimal) =>
        ushort.Parse(hexadecimal.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
