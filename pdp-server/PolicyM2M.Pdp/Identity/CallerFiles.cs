using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Identity;

/// <summary>The file that says who is what. That there was one is remembered in the data folder: were it enough to lose the file, whoever is called an operator by its path would be one after a restart.</summary>
internal sealed class CallerFiles(DataFolder data, CallerOptions options)
{
    /// <summary>The roles file, whether it is there or not.</summary>
    public string Roles => options.Roles ?? data.Roles;

    /// <summary>What tells the roles file as it is from the one before.</summary>
    public string RolesStamp() => OrdinaryFile.Stamp(Roles, RoleMapReader.MaximumBytes);

    /// <summary>Why a start must not go by the roles that are built in; null where it may.</summary>
    public static string? FaultOfAbsence(DataFolder data) => !Path.Exists(data.RolesRequired) ? null
        : $"the roles file {data.Roles} is missing, and there was one before: bring it back, or name it with `--roles FILE`; to go by the path of SPIFFE IDs again, remove {data.RolesRequired} too";

    /// <summary>Reads the roles; those that are built in where no file was ever there.</summary>
    /// <param name="trustDomain">The server's own.</param>
    /// <param name="before">The roles that are in force; null at the start.</param>
    /// <exception cref="StartupException">The file has faults or is gone, or that it is there cannot be remembered.</exception>
    public RoleMap LoadRoles(string trustDomain, RoleMap? before)
    {
        try
        {
            byte[]? file = OrdinaryFile.Find(Roles, RoleMapReader.MaximumBytes);
            if (file is null && (options.Roles is not null || before is { IsBuiltIn: false }))
                throw new StartupException($"the roles file {Roles} is missing");
            if (file is null)
                return FaultOfAbsence(data) is { } absent ? throw new StartupException(absent, ExitCode.CouldNotRun) : RoleMap.BuiltIn(trustDomain);
            RoleMap read = RoleMapReader.Read(file, Roles, out IReadOnlyList<string> faults)
                ?? throw new StartupException($"the roles file cannot be used:\n{string.Join('\n', faults)}");
            Remember();
            return read;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the roles file {Roles} cannot be read: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    private void Remember()
    {
        try
        {
            if (!File.Exists(data.RolesRequired))
                PrivateFile.Replace(data.RolesRequired, "A roles file was in force. Without it, and with this file, the decision point does not start.\n");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"that there is a roles file cannot be remembered in {data.RolesRequired}: {FaultText.Of(fault)}", ExitCode.CouldNotRun, fault);
        }
    }
}
