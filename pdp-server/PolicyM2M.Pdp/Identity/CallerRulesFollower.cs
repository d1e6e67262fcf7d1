using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Reads the roles file and the revocation lists again when they change. Files that cannot be used change nothing but the log.</summary>
internal sealed class CallerRulesFollower(
    CallerFiles files, CallerRulesState rules, CredentialState credentials, PdpOptions options, TimeProvider clock, ILogger<CallerRulesFollower> log) : BackgroundService
{
    private string _rolesStamp = "", _listsStamp = "";

    /// <summary>Why they cannot be used, as it was last said: the same at every look is said once.</summary>
    private string? _refusal;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Poll, clock);
        try
        {
            do
                Follow();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    private void Follow()
    {
        try
        {
            // What is remembered is older than what is read after it: a change in between is found at the next look.
            if (files.RolesStamp() is var roles && roles != _rolesStamp)
            {
                _rolesStamp = roles;
                FollowRoles();
            }
            if (files.ListsStamp() is var lists && lists != _listsStamp)
            {
                _listsStamp = lists;
                FollowLists();
            }
        }
        catch (StartupException fault)
        {
            Refuse(fault.Message);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be listed at this moment: the next look tries again.
            Refuse(fault.Message);
        }
    }

    private void Refuse(string reason)
    {
        if (_refusal != reason)
            log.CallerRulesRefused(reason);
        _refusal = reason;
    }

    private void FollowRoles()
    {
        RoleMap read = files.LoadRoles(credentials.Current.Id.TrustDomain, rules.Current.Roles);
        rules.Replace(before => before with { Roles = read });
        _refusal = null;
        if (read.IsBuiltIn)
            return;
        log.RolesRead(files.Roles, read.Entries.Count);
        foreach (string unknown in read.Entries.Select(entry => entry.TrustDomain).OfType<string>().Distinct().Except(rules.Current.Trust.TrustDomains))
            log.RolesOfUnknownDomain(files.Roles, unknown);
    }

    private void FollowLists()
    {
        RevocationLists read = files.LoadLists(rules.Current.Trust, rules.Current.Revocation);
        rules.Replace(before => before with { Revocation = read });
        _refusal = null;
        foreach (RevocationList list in read.All)
            log.RevocationListRead(list.IssuerText, list.Revoked.Count, list.NextUpdate);
    }
}
