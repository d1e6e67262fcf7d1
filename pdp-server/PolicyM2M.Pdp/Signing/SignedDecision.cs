using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Signing;

/// <summary>
/// A decision that was signed, which all get whose contexts lie in its region. Holds nothing of the policies that it came from, so that it may be remembered longer than these. Immutable but for what it remembers.
/// </summary>
/// <param name="revision">Of which policies.</param>
/// <param name="decision">The decision.</param>
/// <param name="region">Where it holds.</param>
/// <param name="signed">The payload and its signature.</param>
internal sealed class SignedDecision(AnsweringRevision revision, Decision decision, RegionParts region, Wire.V1.SignedPayload signed)
{
    /// <summary>The active revision's and the candidate's.</summary>
    private const int MostVerdicts = 2;

    private ImmutableArray<(string Bundle, bool Holds)> _verdicts = [];
    private ByteString? _digest;

    public AnsweringRevision Revision { get; } = revision;

    public Decision Decision { get; } = decision;

    public RegionParts Region { get; } = region;

    public Wire.V1.SignedPayload Signed { get; } = signed;

    /// <summary>When it was signed.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>Until when it is handed out.</summary>
    public required DateTimeOffset ReuseUntil { get; init; }

    /// <summary>Until when it may be used.</summary>
    public required DateTimeOffset UsableUntil { get; init; }

    /// <summary>The SHA-256 of the payload, which names it.</summary>
    public ByteString Digest => _digest ??= ByteString.CopyFrom(SHA256.HashData(Signed.Payload.Span));

    /// <summary>Whether it is what a revision decides too, everywhere in its region and as long as it may be used. Found out once for all who have it; where two do so at once, both say the same.</summary>
    public bool HoldsUnder(Bundle bundle, DateTimeOffset now)
    {
        if (bundle.Hash == Revision.Id.BundleHash)
            return true;
        foreach ((string known, bool holds) in _verdicts)
        {
            if (known == bundle.Hash)
                return holds;
        }
        bool verdict = Continuity.Holds(Decision.Outcome, Region, bundle, now, UsableUntil);
        ImmutableInterlocked.Update(ref _verdicts, known => [(bundle.Hash, verdict), .. known.Take(MostVerdicts - 1)]);
        return verdict;
    }
}
