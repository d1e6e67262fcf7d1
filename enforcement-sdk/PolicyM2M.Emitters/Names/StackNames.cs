using System.Collections.Frozen;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Emitters.Names;

/// <summary>The words in which a stack speaks of suites, groups and signature schemes.</summary>
internal enum Dialect
{
    /// <summary>OpenSSL 3.0, at its own security level of 2.</summary>
    OpenSsl30,

    /// <summary>OpenSSL 3.5, at its own security level of 2: the suites with a tag of 64 bits are refused there.</summary>
    OpenSsl35,

    /// <summary>BoringSSL, as Envoy's documentation names its suites and curves.</summary>
    BoringSsl,

    /// <summary>Mbed TLS 4: code points of those that it has.</summary>
    MbedTls4,

    /// <summary>Code points of all that the registry has.</summary>
    CodePoints,
}

/// <summary>A name of the registry, and what the stack calls it.</summary>
/// <param name="Iana">The registry's name.</param>
/// <param name="Native">The stack's name; the registry's where the stack takes code points.</param>
internal readonly record struct StackName(string Iana, string Native);

/// <summary>
/// What stacks call the suites, groups and schemes of the registry, from three tables in this folder. Names are looked up, never made or read. The columns of OpenSSL
/// say with which of them a handshake succeeded at its default security level; PSK and anonymous suites are not among them, since what is emitted authenticates by certificates.
/// </summary>
internal static class StackNames
{
    private static readonly Lazy<FrozenDictionary<string, CsvRow>> Suites = new(() => Load("names_suites.csv"));
    private static readonly Lazy<FrozenDictionary<string, CsvRow>> Groups = new(() => Load("names_groups.csv"));
    private static readonly Lazy<FrozenDictionary<string, CsvRow>> Signatures = new(() => Load("names_signatures.csv"));

    /// <summary>The suite in that dialect; null where the stack has no such suite.</summary>
    public static StackName? Suite(Dialect dialect, string name)
    {
        if (!Suites.Value.TryGetValue(name, out CsvRow? row))
            return null;
        // What an older protocol knows too could be negotiated there: code points alone bring no lowest version along.
        return dialect == Dialect.CodePoints ? (row["min_version"] is "TLS1.2" or "TLS1.3" ? new StackName(name, name) : null) : Native(dialect, row);
    }

    /// <summary>The group in that dialect; null where the stack has no such group.</summary>
    public static StackName? Group(Dialect dialect, string name) => Find(dialect, name, Groups.Value);

    /// <summary>The signature scheme in that dialect; null where the stack has no such scheme.</summary>
    public static StackName? Signature(Dialect dialect, string name) => Find(dialect, name, Signatures.Value);

    /// <summary>How the suite exchanges keys, in the registry's words: <c>ECDHE</c>, <c>DHE</c>, <c>RSA</c>, <c>PSK</c>; <c>any</c> for those of TLS 1.3.</summary>
    public static string KeyExchange(string suite) => Suites.Value[suite]["key_exchange"];

    private static StackName? Find(Dialect dialect, string name, FrozenDictionary<string, CsvRow> table) =>
        dialect == Dialect.CodePoints ? new StackName(name, name) : table.TryGetValue(name, out CsvRow? row) ? Native(dialect, row) : null;

    private static StackName? Native(Dialect dialect, CsvRow row)
    {
        string iana = row["iana_name"];
        return dialect switch
        {
            Dialect.OpenSsl30 when row["openssl_3_0"] == "yes" => new StackName(iana, row["openssl_name"]),
            Dialect.OpenSsl35 when row["openssl_3_5"] == "yes" => new StackName(iana, row["openssl_name"]),
            Dialect.BoringSsl when row["boringssl_name"].Length > 0 => new StackName(iana, row["boringssl_name"]),
            Dialect.MbedTls4 when row["mbedtls_4"] == "yes" => new StackName(iana, iana),
            _ => null,
        };
    }

    private static FrozenDictionary<string, CsvRow> Load(string resource)
    {
        using Stream stream = typeof(StackNames).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the embedded table {resource} is missing from the assembly");
        using var reader = new StreamReader(stream);
        return CsvTable.Read(reader).ToFrozenDictionary(row => row["iana_name"], StringComparer.Ordinal);
    }
}
