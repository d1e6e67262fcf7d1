using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Signing;

/// <summary>
/// Signs that decisions may be made from a bundle. The windows of such decisions count from the signing, so that one signature serves all who ask for as long as a signed decision would.
/// What is kept goes with its revision. Safe for all threads: where two sign at once, both are right.
/// </summary>
internal sealed class SignedBundles(SigningKeys keys, PdpOptions options)
{
    private readonly ConditionalWeakTable<ActiveRevision, Entry> _byRevision = [];

    /// <summary>The statement of a revision's bundle.</summary>
    public Wire.V1.SignedPayload Of(ActiveRevision revision, AnsweringRevision answering, DateTimeOffset now)
    {
        if (_byRevision.TryGetValue(revision, out Entry? known) && known.Answering == answering && now >= known.IssuedAt && now < known.IssuedAt + SigningTimes.LongestReuse)
            return known.Signed;
        Wire.V1.SignedPayload signed = keys.Sign(SignedKind.BundleStatement, now, key => new Wire.V1.BundleStatement
        {
            Revision = answering.ToWire(),
            Length = (ulong)revision.BundleBytes.Length,
            IssuedAt = now.ToTimestamp(),
            ValidUntil = (now + options.BundleValidity < key.NotAfter ? now + options.BundleValidity : key.NotAfter).ToTimestamp(),
        });
        _byRevision.AddOrUpdate(revision, new Entry(answering, now, signed));
        return signed;
    }

    private sealed record Entry(AnsweringRevision Answering, DateTimeOffset IssuedAt, Wire.V1.SignedPayload Signed);
}
