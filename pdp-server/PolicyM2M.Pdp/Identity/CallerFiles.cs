using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Identity;

/// <summary>The file that says who is what.</summary>
internal sealed class CallerFiles(DataFolder data, CallerOptions options)
{
    /// <summary>The roles file, whether it is there or not.</summary>
    public string Roles => options.Roles ?? data.Roles;

    /// <summary>What tells the roles file as it is from the one before.</summary>
    public string RolesStamp() => OrdinaryFile.Stamp(Roles, RoleMapReader.MaximumBytes);

    /// <summary>Reads the roles; those that are built in where no file was ever there.</summary>
    /// <param name="trustDomain">The server's own.</param>
    /// <param name="before">The roles that are in force; null at the start.</param>
    /// <exception cref="StartupException">The file has faults, or is gone.</exception>
    public RoleMap LoadRoles(string trustDomain, RoleMap? before)
    {
        try
        {
            bool isThere = File.Exists(Roles);
            if (!isThere && (options.Roles is not null || before is { IsBuiltIn: false }))
                throw new StartupException($"the roles file {Roles} is missing");
            if (!isThere)
                return RoleMap.BuiltIn(trustDomain);
            return RoleMapReader.Read(OrdinaryFile.Read(Roles, RoleMapReader.MaximumBytes), Roles, out IReadOnlyList<string> faults)
                ?? throw new StartupException($"the roles file cannot be used:\n{string.Join('\n', faults)}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the roles file {Roles} cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }
}
