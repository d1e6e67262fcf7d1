using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Authentication;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>
/// The versions and suites of a decision as this installation of .NET and OpenSSL knows them. Versions are those that have a suite, and suites
/// those that have a version.
/// </summary>
/// <param name="Protocols">The versions; none where nothing is left.</param>
/// <param name="Suites">The suites.</param>
/// <param name="Policy">The same for .NET; null where nothing is left.</param>
/// <param name="Losses">What was left out, and why.</param>
internal sealed record StackSuites(SslProtocols Protocols, ImmutableArray<TlsCipherSuite> Suites, CipherSuitesPolicy? Policy, ImmutableArray<string> Losses)
{
    /// <summary>Suites that encrypt, and that a certificate can authenticate: .NET has no others, though its read-back lists some (NULL, anonymous, PSK).</summary>
    private static readonly Lazy<FrozenSet<string>> Usable = new(() => TlsRegistry.Facts("suites")
        .Where(suite => suite.Facts["cipher"] != "NULL" && suite.Facts["authentication"] is "RSA" or "ECDSA" or "DSS" or "any")
        .Select(suite => suite.Name).ToFrozenSet(StringComparer.Ordinal));

    public static StackSuites Of(Outcome decided)
    {
        ImmutableArray<string> versions = decided.NamesOf(Field.Versions) ?? [], names = decided.NamesOf(Field.Suites) ?? [];
        CipherSuite[] inVersion = [.. names.Select(name => TlsRegistry.CipherSuites[name]).Where(suite => versions.Contains(suite.Tls13 ? "TLS1.3" : "TLS1.2"))];
        CipherSuite[] known = [.. inVersion.Where(suite => Usable.Value.Contains(suite.Name) && Enum.IsDefined((TlsCipherSuite)suite.CodePoint))];
        (CipherSuite[] taken, string? whyNone) = ReadBack(known);
        CipherSuite[] lost = [.. inVersion.Except(taken)];
        whyNone ??= "not known to this installation of .NET and OpenSSL, or none that encrypts and authenticates";
        ImmutableArray<string> losses = lost.Length == 0 ? [] : [$"suites: {string.Join(", ", lost.Select(suite => suite.Name))}: {whyNone}"];
        SslProtocols protocols = (taken.Any(suite => suite.Tls13) ? SslProtocols.Tls13 : 0) | (taken.Any(suite => !suite.Tls13) ? SslProtocols.Tls12 : 0);
        ImmutableArray<TlsCipherSuite> suites = [.. taken.Select(suite => (TlsCipherSuite)suite.CodePoint)];
        return new(protocols, suites, suites.IsEmpty ? null : NewPolicy(suites), losses);
    }

    /// <summary>
    /// Those that the stack says it took. It drops what it does not know without a word, and where it took none fails in the handshake with a
    /// message about something else.
    /// </summary>
    private static (CipherSuite[] Taken, string? WhyNone) ReadBack(CipherSuite[] known)
    {
        if (known.Length == 0)
            return ([], null);
        try
        {
#pragma warning disable CA1416 // Where the platform has no such policies, the exception below says so.
            FrozenSet<ushort> allowed = NewPolicy(known.Select(suite => (TlsCipherSuite)suite.CodePoint)).AllowedCipherSuites.Select(suite => (ushort)suite).ToFrozenSet();
#pragma warning restore CA1416
            return ([.. known.Where(suite => allowed.Contains(suite.CodePoint))], null);
        }
        catch (PlatformNotSupportedException)
        {
            return ([], "on this platform the system chooses the suites, and programs cannot");
        }
    }

#pragma warning disable CA1416 // As above: called first under the catch.
    private static CipherSuitesPolicy NewPolicy(IEnumerable<TlsCipherSuite> suites) => new(suites);
#pragma warning restore CA1416
}
