using PolicyM2M.Audit;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>Reads the roles file and the revocation lists again when they change. Files that cannot be used change nothing but the log.</summary>
internal sealed class CallerRulesFollower(
    CallerFiles files, RevocationFiles lists, ListedAuthorities listed, CallerRulesState rules, CredentialState credentials, PdpOptions options, TimeProvider clock, ILogger<CallerRulesFollower> log) : BackgroundService
{
    private string _rolesStamp = "";

    /// <summary>Why files cannot be used, as it was last said: the same at every look is said once.</summary>
    private string? _rolesFault, _folderFault, _unkept;
    private IReadOnlyList<string> _listFaults = [], _outdatedLists = [], _missingLists = [];

    private readonly TermWatch _terms =
        new(log, options.Callers.AcceptsExpiredCrls ? "what was revoked since is not known, and callers get in all the same" : "nobody of that authority gets in until a newer one comes");

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
        FollowRoles();
        FollowLists();
        Remember();
        int unusable = _listFaults.Count + (_rolesFault is null ? 0 : 1) + (_folderFault is null ? 0 : 1);
        if (unusable == 0 && rules.UnusableFiles > 0)
            log.CallerRulesUsable();
        rules.UnusableFiles = unusable;
        _terms.Look(rules.Current.ListTerms().Select(list => list.Term), clock.GetUtcNow());
    }

    private void FollowRoles()
    {
        // What is remembered is older than what is read after it: a change in between is found at the next look. A file that was refused is tried again.
        string stamp = files.RolesStamp();
        if (stamp == _rolesStamp)
        {
            // Also where it was another in between, which was refused.
            _rolesFault = null;
            return;
        }
        try
        {
            RoleMap read = files.LoadRoles(credentials.Current.Id.TrustDomain, rules.Current.Roles);
            rules.Replace(before => before with { Roles = read });
            (_rolesStamp, _rolesFault) = (stamp, null);
            Tell(read);
        }
        catch (StartupException fault)
        {
            if (_rolesFault != fault.Message)
                log.CallerRulesRefused(fault.Message);
            _rolesFault = fault.Message;
        }
    }

    private void Tell(RoleMap read)
    {
        if (read.IsBuiltIn)
            return;
        log.RolesRead(files.Roles, Amount.Of(read.Entries.Count, "entry"));
        if (read.Entries.Count == 0)
            log.RolesOfNobody(files.Roles);
        foreach (string unknown in read.Entries.Select(entry => entry.TrustDomain).OfType<string>().Distinct().Except(rules.Current.Trust.TrustDomains))
            log.RolesOfUnknownDomain(files.Roles, unknown);
    }

    private void FollowLists()
    {
        try
        {
            RevocationLists? read = lists.Look(rules.Current.Trust, rules.Current.Revocation);
            foreach (string fault in lists.Faults.Except(_listFaults))
                log.CallerRulesRefused(fault);
            foreach (string outdated in lists.Outdated.Except(_outdatedLists))
                log.RevocationListOutdated(outdated);
            (_listFaults, _folderFault, _outdatedLists, rules.OutdatedLists) = (lists.Faults, null, lists.Outdated, lists.Outdated);
            if (read is null)
                return;
            rules.Replace(before => before with { Revocation = read });
            // Of one that is over, the look at its term says so.
            foreach (RevocationList list in read.All.Where(list => list.NextUpdate >= clock.GetUtcNow()))
                log.RevocationListRead(list.IssuerText, list.Revoked.Count, list.NextUpdate);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be listed at this moment: the next look tries again.
            if (_folderFault != fault.Message)
                log.CallerRulesRefused(fault.Message);
            _folderFault = fault.Message;
        }
    }
    /// <summary>A list counts also where it cannot be remembered that it does: only a restart would not know of it.</summary>
    private void Remember()
    {
        try
        {
            IReadOnlyList<ListedAuthority> known = listed.Remember(rules.Current);
            if (!ReferenceEquals(known, rules.Current.Listed))
                rules.Replace(before => before with { Listed = known });
            _unkept = null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            if (_unkept != fault.Message)
                log.ListedAuthoritiesNotKept(fault.Message);
            _unkept = fault.Message;
        }
        IReadOnlyList<string> missing = [.. rules.Current.WithoutList().Select(authority => authority.Text).Distinct(StringComparer.Ordinal)];
        foreach (string authority in missing.Except(_missingLists))
            log.RevocationListMissing(authority, listed.Path);
        _missingLists = missing;
    }
}
