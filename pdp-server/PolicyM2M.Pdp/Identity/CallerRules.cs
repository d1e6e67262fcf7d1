using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>What the rules make of a certificate.</summary>
/// <param name="Rules">The rules that said so: others may say otherwise.</param>
/// <param name="Caller">Who the caller is; where it is refused, who it would be if that is known, otherwise null.</param>
/// <param name="Refusal">Why it may not ask anything; null where it may.</param>
/// <param name="Until">When this is to be looked at again, the rules being the same.</param>
internal sealed record Standing(CallerRules Rules, Caller? Caller, CallerRefusal? Refusal, DateTimeOffset Until);

/// <summary>Why a caller may not ask anything.</summary>
/// <param name="Words">For people.</param>
/// <param name="IsOfCaller">Whether that says something of the caller; otherwise an authority above it has ended, or a revocation list is missing, over or cannot be used, and nothing is known of it.</param>
internal sealed record CallerRefusal(RefusalWords Words, bool IsOfCaller)
{
    /// <summary>Whether an authority above its certificate has ended.</summary>
    public bool IsOfAuthority { get; init; }

    /// <summary>For reasons that name nobody.</summary>
    public CallerRefusal(string text, bool isOfCaller)
        : this(new RefusalWords(text), isOfCaller)
    {
    }
}

/// <summary>By what callers are judged: whose authorities count, what was revoked, and who is what. Immutable.</summary>
internal sealed record CallerRules(TrustBundles Trust, RoleMap Roles, RevocationLists Revocation)
{
    /// <summary>Authorities that must have a revocation list, since they had one.</summary>
    public IReadOnlyList<ListedAuthority> Listed { get; init; } = [];

    /// <summary>Those that have none any more, so that nobody of them gets in. One that was of a trust domain and is not any more has no callers, and needs none.</summary>
    public IEnumerable<ListedAuthority> WithoutList()
    {
        CrlIssuer[] trusted = [.. Trust.Authorities.Select(CrlIssuer.Of)];
        return Listed.Where(listed => !Revocation.All.Any(listed.Has) && (!listed.IsTrusted || trusted.Any(listed.Is)));
    }

    /// <summary>
    /// The terms of the revocation lists that count. Of a trusted authority that is the newest that it signed: what an earlier key of the same name signed holds nobody up any more. That of an authority between is
    /// known when a caller shows its certificate, so each may count.
    /// </summary>
    public IEnumerable<(RevocationList List, Term Term)> ListTerms()
    {
        CrlIssuer[] trusted = [.. Trust.Authorities.Select(CrlIssuer.Of)];
        return trusted.Select(Revocation.Of).OfType<RevocationList>().Concat(Revocation.All.Where(list => trusted.All(authority => authority.Name != list.Issuer)))
            .Distinct<RevocationList>(ReferenceEqualityComparer.Instance)
            .Select(list => (list, new Term($"the revocation list of {list.IssuerText}", list.ThisUpdate, list.NextUpdate)));
    }

    /// <summary>Judges a certificate whose chains a handshake has built.</summary>
    public Standing Judge(ClientCertificate certificate, DateTimeOffset now)
    {
        DateTimeOffset until = certificate.Chains.Select(chain => chain.Until).Append(certificate.Until).Where(end => end >= now).DefaultIfEmpty(now).Min();
        CallerRefusal? refusal = null;
        List<string> issuedBy = [];
        foreach (TrustedChain chain in certificate.Chains)
        {
            CallerRefusal? fault = FaultOf(chain, now, ref until);
            if (fault is null)
                issuedBy.Add(chain.TrustDomain);
            else if (refusal is null || fault.IsOfCaller && !refusal.IsOfCaller)
                refusal = fault;
        }
        // A chain that is refused takes its domain away; where another domain vouches for the same caller, that counts.
        Caller? caller = Roles.CallerOf(certificate, issuedBy, out RefusalWords? unknown);
        CallerRefusal? ended = now > certificate.Until ? new CallerRefusal($"its certificate ended at {certificate.Until:u}", isOfCaller: true) : null;
        if (caller is not null)
            refusal = ended;
        else
        {
            refusal = refusal is null ? new CallerRefusal(unknown ?? new RefusalWords("nobody knows it"), IsOfCaller: true) : refusal.IsOfCaller ? refusal : ended ?? refusal;
            // For the log: who it was before.
            caller = Roles.CallerOf(certificate, [.. certificate.Chains.Select(chain => chain.TrustDomain)], out _);
        }
        return new Standing(this, caller, refusal, until);
    }

    private CallerRefusal? FaultOf(TrustedChain chain, DateTimeOffset now, ref DateTimeOffset until)
    {
        if (!Trust.Trusts(chain))
            return new CallerRefusal($"its authority is no longer one of {chain.TrustDomain}", isOfCaller: true);
        RevocationFault? fault = Revocation.FaultOf(chain.Links, now, out DateTimeOffset lists);
        if (fault is null)
            until = lists < until ? lists : until;
        // A list that begins later counts then, with nothing to tell it.
        else if (fault.Kind == RevocationFaultKind.Unusable)
            until = now;
        if (fault is not null)
            return new CallerRefusal(fault.Text, fault.Kind == RevocationFaultKind.Revoked);
        // The next handshake will not come about, after which a device goes on with what it keeps: so must one that is connected.
        if (now > chain.Until)
            return new CallerRefusal($"an authority in its chain ended at {chain.Until:u}", isOfCaller: false) { IsOfAuthority = true };
        return chain.Links.Select(link => link.Issuer).FirstOrDefault(issuer => Revocation.Of(issuer) is null && Listed.Any(listed => listed.Is(issuer))) is { } without
            ? new CallerRefusal($"the revocation list of {without.Text} is missing, and what it revoked is not known", isOfCaller: false) : null;
    }
}

/// <summary>
/// The rules as they are now. Safe for all threads: rules never change, they are replaced whole, and whoever replaces a part of them does it under the lock, so that two who
/// do it at once do not undo each other.
/// </summary>
internal sealed class CallerRulesState(CallerRules first)
{
    private readonly Lock _lock = new();
    private volatile CallerRules _current = first;
    private volatile TaskCompletionSource _replaced = NewSignal();
    private volatile int _unusableFiles;
    private volatile IReadOnlyList<string> _outdatedLists = [];

    public CallerRules Current => _current;

    /// <summary>Completes when other rules come. Whoever waits takes it before it looks.</summary>
    public Task Next => _replaced.Task;

    /// <summary>How many files that say who is what and who no longer is cannot be used as they now are.</summary>
    public int UnusableFiles
    {
        get => _unusableFiles;
        set => _unusableFiles = value;
    }

    /// <summary>Files with revocation lists that do not count, and why, for people.</summary>
    public IReadOnlyList<string> OutdatedLists
    {
        get => _outdatedLists;
        set => _outdatedLists = value;
    }

    public void Replace(Func<CallerRules, CallerRules> change)
    {
        lock (_lock)
        {
            _current = change(_current);
            TaskCompletionSource replaced = _replaced;
            _replaced = NewSignal();
            replaced.SetResult();
        }
    }

    /// <summary>Watchers must not run on the thread of whoever replaces.</summary>
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
