using System.Text.Json;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>
/// Remembers in one file of which authorities a revocation list was in force: were it enough to lose a list, whom it revoked would get in after a restart. An operator who means it takes the authority out of the
/// file, or the file away, while the server does not run. It belongs to the start, and then to the follower that reads lists.
/// </summary>
internal sealed class ListedAuthorities
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        WriteIndented = true,
    };

    private IReadOnlyList<ListedAuthority> _kept;

    private ListedAuthorities(string path, IReadOnlyList<ListedAuthority> kept) => (Path, _kept) = (path, kept);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Those of the last run; none where there is no file.</summary>
    /// <exception cref="StartupException">The file cannot be used. To go on without it could let in somebody who was revoked.</exception>
    public static ListedAuthorities Open(string path)
    {
        try
        {
            ListedAuthority[] kept = OrdinaryFile.Find(path, PrivateFile.Largest) is { } file ? JsonSerializer.Deserialize<ListedAuthority[]>(file, Format) ?? throw new JsonException("it is no list") : [];
            return kept.Contains(null) ? throw new JsonException("it names nothing where it should name an authority") : new ListedAuthorities(path, kept);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupException(
                $"{path} cannot be used, and says which authorities must have a revocation list: {FaultText.Of(fault)}; "
                + "put a copy of it in its place, or see that all lists are there and remove it", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>Remembers those whose lists are in force, besides those that are known.</summary>
    /// <returns>All that are known.</returns>
    /// <exception cref="IOException">It cannot be kept over a restart; the next call tries again.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public IReadOnlyList<ListedAuthority> Remember(CallerRules rules)
    {
        CrlIssuer[] trusted = [.. rules.Trust.Authorities.Select(CrlIssuer.Of)];
        ListedAuthority[] found = [.. rules.ListTerms().Select(list => ListedAuthority.Of(list.List, trusted)).Distinct()];
        if (found.All(_kept.Contains))
            return _kept;
        ListedAuthority[] all = [.. _kept.Where(before => !found.Any(now => (now.Name, now.KeyId) == (before.Name, before.KeyId))), .. found];
        PrivateFile.Replace(Path, JsonSerializer.Serialize(all.OrderBy(authority => authority.Text, StringComparer.Ordinal), Format) + "\n");
        return _kept = all;
    }
}
