using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The policies themselves, and that decisions may be made from them. Immutable; safe for all threads.</summary>
internal sealed class HeldBundle
{
    [ThreadStatic]
    private static DecisionPath? _path;

    private readonly Decider _decider;
    private readonly BundleBytes _bytes;
    private readonly long _validUntil, _issuedAt;

    /// <param name="bundle">The policies.</param>
    /// <param name="signed">What vouches for them, as it came.</param>
    /// <param name="statement">What that says; verified.</param>
    /// <param name="validUntil">When that ends, by the device's clock.</param>
    public HeldBundle(Bundle bundle, V1.SignedPayload signed, ReceivedBundleStatement statement, DateTimeOffset validUntil)
        : this(new Decider(bundle), new BundleBytes(bundle), signed, statement, validUntil)
    {
    }

    private HeldBundle(Decider decider, BundleBytes bytes, V1.SignedPayload signed, ReceivedBundleStatement statement, DateTimeOffset validUntil)
    {
        _decider = decider;
        _bytes = bytes;
        Signed = signed;
        Statement = statement;
        ValidUntil = validUntil;
        _validUntil = validUntil.UtcTicks;
        _issuedAt = statement.IssuedAt.UtcTicks;
        RefreshAt = RefreshTimes.Before(validUntil, validUntil - statement.IssuedAt);
        Stamp = RevisionStamp.Of(statement);
    }

    public V1.SignedPayload Signed { get; }

    public ReceivedBundleStatement Statement { get; }

    public DateTimeOffset ValidUntil { get; }

    public DateTimeOffset RefreshAt { get; }

    public RevisionStamp Stamp { get; }

    public Bundle Bundle => _decider.Bundle;

    /// <summary>The bundle's bytes, which nobody may write into.</summary>
    public byte[] Bytes => _bytes.Get();

    /// <summary>The same policies, vouched for anew.</summary>
    public HeldBundle With(V1.SignedPayload signed, ReceivedBundleStatement statement, DateTimeOffset validUntil) => new(_decider, _bytes, signed, statement, validUntil);

    /// <summary>Reads what is known of a device by the schema of the policies.</summary>
    public PreparedContext Prepare(ClaimSet claims, DeviceFacts facts) => _decider.Prepare(DeviceContext.Of(Bundle.Attributes.Values
        .Select(attribute => KeyValuePair.Create(attribute.Name, claims.ValueFor(attribute, facts))).Where(value => value.Value.Kind != AttributeValueKind.None)));

    /// <summary>Decides here what the decision point would decide of the same policies.</summary>
    /// <param name="kind">What to decide.</param>
    /// <param name="context">What is known of the device: <see cref="Prepare"/>.</param>
    /// <param name="facts">What was told of the device.</param>
    /// <param name="now">The time.</param>
    /// <returns>Null where nobody vouches for what the decision rests on.</returns>
    public LocalDecision? Decide(DecisionKind kind, PreparedContext context, DeviceFacts facts, DateTimeOffset now)
    {
        DecisionPath path = _path ??= new DecisionPath();
        Decision decision = _decider.Decide(kind, context, now, path);
        Region region = path.Region();
        // In ticks: moments with offsets cost as much as the decision.
        long ends = _validUntil, freshEnds = _validUntil;
        if (region.NeedsVouching)
        {
            if (!(now < facts.Statement?.ValidUntil))
                return null;
            (ends, freshEnds) = (Math.Min(ends, facts.Statement.ValidUntil.UtcTicks), facts.Statement.FreshUntil.UtcTicks);
        }
        if (region.IsTimed && region.HoldsUntil(context, now) is { } leaves)
            ends = Math.Min(ends, leaves.UtcTicks);
        return new LocalDecision(decision, region, Math.Min(Math.Min(ends, freshEnds), _issuedAt + decision.FreshFor.Ticks), Math.Min(ends, _issuedAt + decision.UsableFor.Ticks));
    }
}

/// <summary>A decision made on this machine.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="Region">Where it holds.</param>
/// <param name="FreshTicks">Until then it need not be asked for, in ticks of UTC.</param>
/// <param name="UsableTicks">Until then it may be used while nobody answers, in ticks of UTC.</param>
internal readonly record struct LocalDecision(Decision Decision, Region Region, long FreshTicks, long UsableTicks)
{
    public DateTimeOffset FreshUntil => new(FreshTicks, TimeSpan.Zero);

    public DateTimeOffset UsableUntil => new(UsableTicks, TimeSpan.Zero);
}
