using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>The files that say who is what and who no longer is: the roles file and revocation lists.</summary>
internal sealed class CallerFiles(DataFolder data, CallerOptions options)
{
    private const long MaximumCrlBytes = 64 << 20;
    private static readonly string[] CrlEndings = [".crl", ".der", ".pem"];

    /// <summary>The roles file, whether it is there or not.</summary>
    public string Roles => options.Roles ?? data.Roles;

    /// <summary>What tells the roles file as it is from the one before.</summary>
    public string RolesStamp() => Stamp(Roles);

    /// <summary>What tells the revocation lists as they are from those before.</summary>
    public string ListsStamp() => string.Join('\n', Lists().Select(Stamp));

    /// <summary>Reads the roles; those that are built in where no file was ever there.</summary>
    /// <param name="trustDomain">The server's own.</param>
    /// <param name="before">The roles that are in force; null at the start.</param>
    /// <exception cref="StartupException">The file has faults, or is gone.</exception>
    public RoleMap LoadRoles(string trustDomain, RoleMap? before)
    {
        try
        {
            var file = new FileInfo(Roles);
            if (!file.Exists && (options.Roles is not null || before is { IsBuiltIn: false }))
                throw new StartupException($"the roles file {Roles} is missing");
            if (!file.Exists)
                return RoleMap.BuiltIn(trustDomain);
            if (file.Length > RoleMapReader.MaximumBytes)
                throw new StartupException($"the roles file {Roles} has more than {RoleMapReader.MaximumBytes} bytes");
            return RoleMapReader.Read(File.ReadAllBytes(Roles), Roles, out IReadOnlyList<string> faults)
                ?? throw new StartupException($"the roles file cannot be used\n{string.Join('\n', faults)}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the roles file {Roles} cannot be read: {fault.Message}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>
    /// Reads the revocation lists. A list that was read once stays until a newer one of its authority comes: were it enough to take a file away, what was revoked would be good again.
    /// </summary>
    /// <param name="trust">The authorities, to tell a list that one of them did not sign.</param>
    /// <param name="before">The lists that are in force.</param>
    /// <exception cref="StartupException">A file cannot be used.</exception>
    public RevocationLists LoadLists(TrustBundles trust, RevocationLists before)
    {
        CrlIssuer[] authorities = [.. trust.Authorities.Select(CrlIssuer.Of)];
        List<RevocationList> read = [];
        foreach (string path in Lists())
        {
            try
            {
                if (new FileInfo(path).Length > MaximumCrlBytes)
                    throw new FormatException($"it has more than {MaximumCrlBytes} bytes");
                IReadOnlyList<RevocationList> lists = RevocationListReader.Read(File.ReadAllBytes(path));
                // The list of an authority between may be anybody's until a caller shows that authority's certificate.
                if (lists.FirstOrDefault(list => authorities.Where(Issued(list)).ToArray() is { Length: > 0 } possible && !possible.Any(list.IsSignedBy)) is { } forged)
                    throw new FormatException($"it is not signed by {forged.IssuerText}, or that authority may not sign revocation lists (its key usage)");
                read.AddRange(lists);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
            {
                throw new StartupException($"the revocation list {path} cannot be used: {fault.Message}", ExitCode.CouldNotRun, fault);
            }
        }
        return new RevocationLists([.. read, .. before.All], options.AcceptsExpiredCrls);

        static Func<CrlIssuer, bool> Issued(RevocationList list) => authority => authority.Name == list.Issuer && !list.IsOfAnotherKey(authority);
    }

    private IEnumerable<string> Lists() => options.Crls.Concat(!Directory.Exists(data.Crl) ? [] :
        Directory.EnumerateFiles(data.Crl).Where(file => CrlEndings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal));

    private static string Stamp(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{path}|{file.LastWriteTimeUtc.Ticks}|{file.Length}" : $"{path}|missing";
    }
}
