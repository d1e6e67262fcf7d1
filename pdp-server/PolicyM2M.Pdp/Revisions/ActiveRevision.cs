using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>A revision that answers are made from, or could be at once. Immutable.</summary>
internal sealed class ActiveRevision
{
    private byte[]? _bundleBytes;

    /// <param name="commitId">The commit.</param>
    /// <param name="summary">Its summary.</param>
    /// <param name="bundle">What it compiled to.</param>
    /// <param name="activatedAt">When it became active.</param>
    /// <param name="before">The revision before it: where a commit leaves the policies as they were, what was worked out stays.</param>
    public ActiveRevision(string commitId, string summary, Bundle bundle, DateTimeOffset activatedAt, ActiveRevision? before = null)
    {
        Id = new RevisionId(commitId, bundle.Hash);
        Summary = summary;
        Decider = before?.Bundle.Hash == bundle.Hash ? before.Decider : new Decider(bundle);
        ActivatedAt = activatedAt;
        NeededClaims = [.. bundle.NeededAttributes.Where(name => bundle.Attributes[name].Provenance == Provenance.Claimed)];
    }

    private ActiveRevision(ActiveRevision other)
    {
        (Id, Summary, Decider, NeededClaims, ActivatedAt) = (other.Id, other.Summary, other.Decider, other.NeededClaims, other.ActivatedAt);
        (SignedBy, WasSigned) = (other.SignedBy, other.WasSigned);
    }

    /// <summary>The commit and the hash of what it compiled to, as answers name them.</summary>
    public RevisionId Id { get; }

    public string CommitId => Id.CommitId;

    /// <summary>The commit's summary, for people.</summary>
    public string Summary { get; }

    public Decider Decider { get; }

    public Bundle Bundle => Decider.Bundle;

    /// <summary>The bundle as it is sent: made when first asked for.</summary>
    public ReadOnlyMemory<byte> BundleBytes => _bundleBytes ??= Bundle.ToBytes();

    /// <summary>When it became active, or what else it is.</summary>
    public DateTimeOffset ActivatedAt { get; private init; }

    /// <summary>Who signed the commit; null where nobody had to, or it was asked before a restart.</summary>
    public string? SignedBy { get; init; }

    /// <summary>Whether it was let in while only signed commits were.</summary>
    public bool WasSigned { get; init; }

    /// <summary>The attributes that some rule tests and a device may say itself, in ordinal order.</summary>
    public ImmutableArray<string> NeededClaims { get; }

    /// <summary>The beginning of the commit id, for people.</summary>
    public string ShortId => Shorten(CommitId);

    /// <summary>The same revision, active since another moment. What was worked out stays.</summary>
    public ActiveRevision Since(DateTimeOffset activatedAt) => new(this) { ActivatedAt = activatedAt };

    public static string Shorten(string commitId) => commitId.Length > 12 ? commitId[..12] : commitId;
}
