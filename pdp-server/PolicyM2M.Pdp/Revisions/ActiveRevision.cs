using System.Collections.Immutable;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire;

namespace PolicyM2M.Pdp.Revisions;

/// <summary>A revision that answers are made from, or could be at once. Immutable: what it decides with, and its bundle's bytes, are made when they are first wanted, and whoever makes them makes the same.</summary>
internal sealed class ActiveRevision
{
    private byte[]? _bundleBytes;
    private Decider? _decider;

    /// <param name="commitId">The commit.</param>
    /// <param name="summary">Its summary.</param>
    /// <param name="bundle">What it compiled to.</param>
    /// <param name="activatedAt">When it became active.</param>
    /// <param name="before">The revision before it: where a commit leaves the policies as they were, what was worked out stays.</param>
    public ActiveRevision(string commitId, string summary, Bundle bundle, DateTimeOffset activatedAt, ActiveRevision? before = null)
    {
        Id = new RevisionId(commitId, bundle.Hash);
        Summary = summary;
        Bundle = bundle;
        _decider = before?.Bundle.Hash == bundle.Hash ? before.Decider : new Decider(bundle);
        ActivatedAt = activatedAt;
        NeededClaims = [.. bundle.NeededAttributes.Where(name => bundle.Attributes[name].Provenance == Provenance.Claimed)];
    }

    private ActiveRevision(ActiveRevision other, Decider? decider)
    {
        (Id, Summary, Bundle, NeededClaims, ActivatedAt) = (other.Id, other.Summary, other.Bundle, other.NeededClaims, other.ActivatedAt);
        _decider = decider;
        (SignedBy, WasSigned) = (other.SignedBy, other.WasSigned);
    }

    /// <summary>The commit and the hash of what it compiled to, as answers name them.</summary>
    public RevisionId Id { get; }

    public string CommitId => Id.CommitId;

    /// <summary>The commit's summary, for people.</summary>
    public string Summary { get; }

    public Decider Decider => _decider ?? Interlocked.CompareExchange(ref _decider, new Decider(Bundle), null) ?? _decider;

    public Bundle Bundle { get; }

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
    public ActiveRevision Since(DateTimeOffset activatedAt) => new(this, _decider) { ActivatedAt = activatedAt };

    /// <summary>The same revision for when it is wanted again. What was worked out, and was signed of it, goes: after a load that is ten times what the policies take.</summary>
    public ActiveRevision AtRest() => new(this, null);

    public static string Shorten(string commitId) => commitId.Length > 12 ? commitId[..12] : commitId;
}
