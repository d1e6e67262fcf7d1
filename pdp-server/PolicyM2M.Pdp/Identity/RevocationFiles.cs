using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// The files with revocation lists, as they were last read. A file that cannot be used keeps none of the others from being used. It belongs to whoever looks, one at a time.
/// </summary>
internal sealed class RevocationFiles(DataFolder data, CallerOptions options)
{
    private const long MaximumBytes = 64 << 20;
    private static readonly string[] Endings = [".crl", ".der", ".pem"];

    private Dictionary<string, Reading> _known = new(StringComparer.Ordinal);
    private TrustBundles? _trust;

    /// <summary>Why files cannot be used; empty where all can.</summary>
    public IReadOnlyList<string> Faults { get; private set; } = [];

    /// <summary>The lists that are in a file and do not count because a newer one of their authority does: somebody put an old list in place of a new one, or forgot it.</summary>
    public IReadOnlyList<string> Outdated { get; private set; } = [];

    /// <summary>
    /// The lists now; null where nothing is other than at the last look. A list that was read once stays until a newer one of its authority comes: were it enough to take a file away,
    /// what was revoked would be good again.
    /// </summary>
    /// <param name="trust">The authorities, to tell a list that one of them did not sign. With others, everything is read anew.</param>
    /// <param name="before">The lists that are in force.</param>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public RevocationLists? Look(TrustBundles trust, RevocationLists before)
    {
        bool isSameTrust = ReferenceEquals(trust, _trust);
        var found = new Dictionary<string, Reading>(StringComparer.Ordinal);
        foreach (string path in Paths())
        {
            // What is remembered is older than what is read after it: a change in between is found at the next look.
            string stamp = OrdinaryFile.Stamp(path, MaximumBytes);
            found[path] = isSameTrust && _known.TryGetValue(path, out Reading? known) && known.IsSettled && known.Stamp == stamp ? known : Read(path, stamp, trust);
        }
        bool isSame = isSameTrust && found.Count == _known.Count
            && found.All(file => _known.TryGetValue(file.Key, out Reading? known) && (known.Stamp, known.Fault) == (file.Value.Stamp, file.Value.Fault));
        (_known, _trust, Faults) = (found, trust, [.. found.Values.Select(file => file.Fault).OfType<string>()]);
        if (isSame)
            return null;
        var now = new RevocationLists([.. found.Values.SelectMany(file => file.Lists), .. before.All], options.AcceptsExpiredCrls);
        Outdated = [.. found.SelectMany(file => file.Value.Lists.Select(list => OutdatedText(file.Key, list, now))).OfType<string>()];
        return now;
    }

    private static string? OutdatedText(string path, RevocationList list, RevocationLists now)
    {
        RevocationList counts = now.All.First(other => other.Issuer == list.Issuer && other.KeyId == list.KeyId);
        return (counts.ThisUpdate, counts.Number).CompareTo((list.ThisUpdate, list.Number)) <= 0 ? null
            : $"the revocation list {path} of {list.IssuerText} is of {list.ThisUpdate:u} and does not count: a newer one of {counts.ThisUpdate:u} does";
    }

    /// <summary>Why a file cannot be used, whoever the authorities are; null where it can.</summary>
    public static string? FaultOf(string path) => Read(path, "", new TrustBundles(new Dictionary<string, X509Certificate2Collection>())).Fault;

    private IEnumerable<string> Paths() => options.Crls.Concat(!Directory.Exists(data.Crl) ? [] :
        Directory.EnumerateFiles(data.Crl).Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)).Distinct();

    private static Reading Read(string path, string stamp, TrustBundles trust)
    {
        try
        {
            IReadOnlyList<RevocationList> lists = RevocationListReader.Read(OrdinaryFile.Read(path, MaximumBytes));
            CrlIssuer[] authorities = [.. trust.Authorities.Select(CrlIssuer.Of)];
            // The list of an authority between may be anybody's until a caller shows that authority's certificate.
            return lists.FirstOrDefault(list => authorities.Where(Issued(list)).ToArray() is { Length: > 0 } possible && !possible.Any(list.IsSignedBy)) is { } forged
                ? throw new FormatException($"it is not signed by {forged.IssuerText}, or that authority may not sign revocation lists (its key usage)")
                : new Reading(stamp, lists, null, IsSettled: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
        {
            // What a file holds stays wrong until it changes; that it cannot be read may end at any moment, and its stamp does not tell.
            return new Reading(stamp, [], $"the revocation list {path} cannot be used: {FaultText.Of(fault)}", IsSettled: fault is FormatException);
        }

        static Func<CrlIssuer, bool> Issued(RevocationList list) => authority => authority.Name == list.Issuer && !list.IsOfAnotherKey(authority);
    }

    /// <summary>What became of a file.</summary>
    /// <param name="Stamp">What tells it from the one before.</param>
    /// <param name="Lists">The lists in it.</param>
    /// <param name="Fault">Why it cannot be used; null where it can.</param>
    /// <param name="IsSettled">Whether another try would give the same, as long as the stamp and the trust are the same.</param>
    private sealed record Reading(string Stamp, IReadOnlyList<RevocationList> Lists, string? Fault, bool IsSettled);
}
