using PolicyM2M.X509;

namespace PolicyM2M.Pdp.Identity.Mapping;

/// <summary>
/// Which role an identity has. For each name of a certificate the first entry that takes it counts. A certificate by which somebody would be two callers is nobody's: what it
/// means must not depend on which of its names one looks at first. Immutable.
/// </summary>
internal sealed class RoleMap(IReadOnlyList<RoleEntry> entries)
{
    private sealed record Match(CallerId Id, RoleEntry? Entry, string Name)
    {
        public Roles Role => Entry?.Role ?? Roles.None;
    }

    public IReadOnlyList<RoleEntry> Entries { get; } = entries;

    /// <summary>Whether no file says otherwise.</summary>
    public bool IsBuiltIn { get; private init; }

    /// <summary>The mapping where there is no roles file: the role is the first segment of a path of two, in the server's own trust domain.</summary>
    public static RoleMap BuiltIn(string trustDomain) => new(
    [
        ByPath(trustDomain, "device", Roles.Device),
        ByPath(trustDomain, "gateway", Roles.Gateway),
        ByPath(trustDomain, "operator", Roles.Operator),
        ByPath(trustDomain, "auditor", Roles.Auditor),
    ])
    { IsBuiltIn = true };

    /// <summary>Who shows this certificate; null, with the reason, where that cannot be said.</summary>
    /// <param name="certificate">What it says.</param>
    /// <param name="issuedBy">The trust domains whose authorities vouch for it.</param>
    /// <param name="reason">Why nobody is known by it.</param>
    public Caller? CallerOf(ClientCertificate certificate, IReadOnlyCollection<string> issuedBy, out RefusalWords? reason)
    {
        reason = null;
        Match[] others = [.. Others(certificate, issuedBy)];
        if (certificate.Id is { } id)
        {
            if (!issuedBy.Contains(id.TrustDomain))
                reason = new RefusalWords($"it is of the trust domain {id.TrustDomain}, and no authority of that domain issued it");
            else if (others.Length > 0)
                reason = Both(id.ToString(), others[0].Id);
            return reason is null ? ToCaller(OfSpiffe(id), out reason) : null;
        }
        if (others.Length == 0)
            reason = new RefusalWords("it has 0 URIs as subject alternative name, and an X509-SVID has exactly one; no entry of a roles file takes its DNS names or its subject either");
        else if (others.FirstOrDefault(other => other.Id.GetType() != others[0].Id.GetType() || (other.Role, other.Name) != (others[0].Role, others[0].Name)) is { } second)
            reason = Both(others[0].Id.ToString(), second.Id);
        return reason is null ? ToCaller(others[0], out reason) : null;
    }

    private static RefusalWords Both(string one, CallerId other) =>
        new($"it is both {one} and {other} by the roles file, and a caller is one", "it is two callers by the roles file, and a caller is one");

    private static RoleEntry ByPath(string trustDomain, string segment, Roles role) =>
        new(new IdentityPattern.OfSpiffe(trustDomain, [new PatternPart.Literal(segment), new PatternPart.Name()]), role, null, null);

    private Caller? ToCaller(Match match, out RefusalWords? reason)
    {
        reason = match.Entry is { } entry && Entries.FirstOrDefault(other => other.Reserves(match.Name, entry)) is { } owner
            ? new RefusalWords($"{match.Id} would be called {match.Name}, and names that begin with {owner.Prefix} are those of {owner.Issuer} by the roles file",
                $"it would be called by a name that begins with {owner.Prefix}, and such names are those of {owner.Issuer} by the roles file")
            : null;
        return reason is null ? new Caller(match.Id, match.Role, match.Name) : null;
    }

    /// <summary>An ID that no entry takes is known, and has no role.</summary>
    private Match OfSpiffe(SpiffeId id)
    {
        foreach (RoleEntry entry in Entries)
        {
            if (entry.Pattern is IdentityPattern.OfSpiffe pattern && pattern.Match(id) is { } name)
                return new Match(new CallerId.Spiffe(id), entry, entry.NameOf(name));
        }
        return new Match(new CallerId.Spiffe(id), null, "");
    }

    private IEnumerable<Match> Others(ClientCertificate certificate, IReadOnlyCollection<string> issuedBy)
    {
        RoleEntry[] possible = [.. Entries.Where(entry => entry.TrustDomain is { } domain && issuedBy.Contains(domain))];
        foreach (string dnsName in certificate.DnsNames)
        {
            if (First(possible, pattern => (pattern as IdentityPattern.OfDns)?.Match(dnsName)) is { } found)
                yield return new Match(new CallerId.Dns(dnsName.ToLowerInvariant(), found.Entry.TrustDomain!), found.Entry, found.Name);
        }
        if (certificate.Subject is { } subject && First(possible, pattern => (pattern as IdentityPattern.OfSubject)?.Match(subject)) is { } match)
            yield return new Match(new CallerId.Subject(subject, match.Entry.TrustDomain!), match.Entry, match.Name);
    }

    private static (RoleEntry Entry, string Name)? First(RoleEntry[] entries, Func<IdentityPattern, string?> match)
    {
        foreach (RoleEntry entry in entries)
        {
            if (match(entry.Pattern) is { } name)
                return (entry, entry.NameOf(name));
        }
        return null;
    }
}
