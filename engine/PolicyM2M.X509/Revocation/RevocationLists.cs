using System.Collections.Frozen;

namespace PolicyM2M.X509.Revocation;

/// <summary>
/// The newest revocation list of each authority. Where an authority has one, it must be in its time and must have that authority's signature, or nobody of it gets in. Where it has none,
/// nothing was revoked. Immutable.
/// </summary>
internal sealed class RevocationLists
{
    /// <summary>Clocks of neighbours differ: a list may come from a little later than now.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private readonly FrozenDictionary<string, RevocationList[]> _byIssuer;
    private readonly bool _acceptsExpired;

    public RevocationLists(IEnumerable<RevocationList> lists, bool acceptsExpired)
    {
        _acceptsExpired = acceptsExpired;
        _byIssuer = lists.GroupBy(list => list.Issuer).ToFrozenDictionary(
            lists => lists.Key,
            // Where two are of one moment and without numbers, the first: the follower puts what it has just read before what it had.
            // An older list under another name must not bring back what a newer one revoked.
            lists => lists.GroupBy(list => list.KeyId).Select(ofKey => ofKey.MaxBy(list => (list.ThisUpdate, list.Number))!).OrderByDescending(list => list.ThisUpdate).ToArray());
    }

    /// <summary>Nobody has a list.</summary>
    public static RevocationLists None { get; } = new([], acceptsExpired: false);

    public IEnumerable<RevocationList> All => _byIssuer.Values.SelectMany(lists => lists);

    /// <summary>The newest list that this authority signed; null where there is none.</summary>
    public RevocationList? Of(CrlIssuer issuer) => Candidates(issuer).FirstOrDefault(list => list.IsSignedBy(issuer));

    /// <summary>Why a chain is not to be trusted; null where nothing is known against it. What is revoked is said before what is not known.</summary>
    /// <param name="chain">Every certificate of the chain but the trusted authority's own, from the leaf up.</param>
    /// <param name="now">The time.</param>
    /// <param name="until">When one of the lists that said so ends.</param>
    public RevocationFault? FaultOf(IReadOnlyList<ChainLink> chain, DateTimeOffset now, out DateTimeOffset until)
    {
        until = DateTimeOffset.MaxValue;
        RevocationFault? unknown = null;
        foreach (ChainLink link in chain)
        {
            RevocationList[] mine = Candidates(link.Issuer);
            if (mine.Length == 0)
                continue;
            if (mine.FirstOrDefault(list => list.IsSignedBy(link.Issuer)) is not { } list)
            {
                unknown ??= new(RevocationFaultKind.Unusable, $"the revocation list of {mine[0].IssuerText} is not signed by that authority");
                continue;
            }
            // Also where the list of a certificate below is over: an authority that was revoked makes no more lists.
            if (list.Revoked.Contains(RevocationList.Serial(link.SerialNumber)))
                return new(RevocationFaultKind.Revoked, ReferenceEquals(link, chain[0]) ? "it is revoked" : "an authority in its chain is revoked");
            unknown ??= FaultOfTime(list, now);
            if (!_acceptsExpired && list.NextUpdate < until)
                until = list.NextUpdate;
        }
        return unknown;
    }

    private RevocationFault? FaultOfTime(RevocationList list, DateTimeOffset now)
    {
        if (list.ThisUpdate > now + Skew)
            return new(RevocationFaultKind.Unusable, $"the revocation list of {list.IssuerText} begins only at {list.ThisUpdate:u}");
        return _acceptsExpired || now <= list.NextUpdate ? null
            : new(RevocationFaultKind.Expired, $"the revocation list of {list.IssuerText} ended at {list.NextUpdate:u}, and what was revoked since is not known");
    }

    private RevocationList[] Candidates(CrlIssuer issuer) =>
        _byIssuer.TryGetValue(issuer.Name, out RevocationList[]? candidates) ? [.. candidates.Where(list => !list.IsOfAnotherKey(issuer))] : [];
}
