using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Enforcement.Tls.Review;

/// <summary>
/// Whether a peer's chain is free of revocation, as fresh as the decision demands. Soft: who is on a list is out; a list that is missing, old or
/// unusable stops nobody. Hard: each certificate below the root needs a list of its authority that is in its time and no older than <c>within</c>, or
/// is itself valid for no longer than that (the short-lived certificates of draft-ietf-uta-tls13-iot-profile). Pure.
/// </summary>
internal static class RevocationReview
{
    private const int Soft = 1, Hard = 2;

    public static Refusal? Of(Outcome auth, ImmutableArray<ChainMember> chain, RevocationListFiles.Content? files, DateTimeOffset now)
    {
        int rank = auth.RankOf(Field.Revocation);
        if (rank < Soft)
            return null;
        if (rank >= Hard && chain.IsEmpty)
            return new(EnforcementReason.NoRevocationList, "the peer's certificate has no authority above it that could revoke it");
        // Of the whole chain at once: that one of it is revoked is said before that of another nothing is known.
        if (Fault(chain) is { Kind: RevocationFaultKind.Revoked, Text: var revoked })
            return new(EnforcementReason.CertificateRevoked, $"`{chain[0].Subject}`: {revoked}");
        if (rank < Hard)
            return null;
        TimeSpan? within = auth.TimeOf(Field.RevocationWithin);
        ImmutableArray<ChainMember> bound = [.. chain.Where(member => !(member.NotAfter - member.NotBefore <= within))];
        return Fault(bound) is { } unusable
            ? new(EnforcementReason.NoRevocationList, unusable.Text)
            : bound.Select(member => Fresh(member, files, within, now)).FirstOrDefault(refusal => refusal is not null);

        RevocationFault? Fault(ImmutableArray<ChainMember> members) => files?.Lists.FaultOf([.. members.Select(member => member.Link)], now, out _);
    }

    private static Refusal? Fresh(ChainMember member, RevocationListFiles.Content? files, TimeSpan? within, DateTimeOffset now)
    {
        string issuer = member.Link.Issuer.Text;
        if (files?.Lists.Of(member.Link.Issuer) is not { } list)
            return new(EnforcementReason.NoRevocationList, $"there is no revocation list of `{issuer}`{(files is { Faults: [var unread, ..] } ? $" ({unread})" : "")}");
        if (now > list.NextUpdate)
            return new(EnforcementReason.RevocationListExpired, $"the revocation list of `{issuer}` ended at {list.NextUpdate:u}");
        return now - list.ThisUpdate > within
            ? new(EnforcementReason.RevocationListExpired, $"the revocation list of `{issuer}` is of {list.ThisUpdate:u}, older than the decision allows")
            : null;
    }
}
