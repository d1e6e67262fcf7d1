using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Identity;

/// <summary>What the rules make of a certificate.</summary>
/// <param name="Rules">The rules that said so: others may say otherwise.</param>
/// <param name="Caller">Who the caller is; where it is refused, who it would be if that is known, otherwise null.</param>
/// <param name="Refusal">Why it may not ask anything; null where it may.</param>
/// <param name="Until">When this is to be looked at again, the rules being the same.</param>
internal sealed record Standing(CallerRules Rules, Caller? Caller, string? Refusal, DateTimeOffset Until);

/// <summary>By what callers are judged: whose authorities count, what was revoked, and who is what. Immutable.</summary>
internal sealed record CallerRules(TrustBundles Trust, RoleMap Roles, RevocationLists Revocation)
{
    /// <summary>
    /// The terms of the revocation lists that count. Of a trusted authority that is the newest that it signed: what an earlier key of the same name signed holds nobody up any more. That of an authority between is
    /// known when a caller shows its certificate, so each may count.
    /// </summary>
    public IEnumerable<(RevocationList List, Term Term)> ListTerms()
    {
        CrlIssuer[] trusted = [.. Trust.Authorities.Select(CrlIssuer.Of)];
        return trusted.Select(Revocation.Of).OfType<RevocationList>().Concat(Revocation.All.Where(list => trusted.All(authority => authority.Name != list.Issuer))).Distinct()
            .Select(list => (list, new Term($"the revocation list of {list.IssuerText}", list.ThisUpdate, list.NextUpdate)));
    }

    /// <summary>Judges a certificate whose chains a handshake has built.</summary>
    public Standing Judge(ClientCertificate certificate, DateTimeOffset now)
    {
        DateTimeOffset until = certificate.Until;
        string? refusal = null;
        List<string> issuedBy = [];
        foreach (TrustedChain chain in certificate.Chains)
        {
            string? fault = Trust.Trusts(chain) ? Revocation.FaultOf(chain.Links, now, out DateTimeOffset lists) is { } revoked ? revoked.Text : Shorten(lists)
                : $"its authority is no longer one of {chain.TrustDomain}";
            if (fault is null)
                issuedBy.Add(chain.TrustDomain);
            refusal ??= fault;

            string? Shorten(DateTimeOffset end)
            {
                until = end < until ? end : until;
                return null;
            }
        }
        // A chain that is refused takes its domain away; where another domain vouches for the same caller, that counts.
        Caller? caller = Roles.CallerOf(certificate, issuedBy, out string? unknown);
        if (caller is not null)
            refusal = now > certificate.Until ? $"its certificate ended at {certificate.Until:u}" : null;
        else
        {
            refusal ??= unknown;
            // For the log: who it was before.
            caller = Roles.CallerOf(certificate, [.. certificate.Chains.Select(chain => chain.TrustDomain)], out _);
        }
        return new Standing(this, caller, refusal, until);
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
    private volatile int _unusableFiles;

    public CallerRules Current => _current;

    /// <summary>How many files that say who is what and who no longer is cannot be used as they now are.</summary>
    public int UnusableFiles
    {
        get => _unusableFiles;
        set => _unusableFiles = value;
    }

    public void Replace(Func<CallerRules, CallerRules> change)
    {
        lock (_lock)
            _current = change(_current);
    }
}
