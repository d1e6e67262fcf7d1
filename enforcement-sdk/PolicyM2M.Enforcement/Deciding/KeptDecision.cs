using System.Security.Cryptography;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>A signed decision as it is kept, for all whose contexts lie in its region. Immutable but for two notes of its use, and for names
/// that are made when they are first needed: a start reads thousands of decisions and uses few.</summary>
internal sealed class KeptDecision
{
    private readonly AttributeScale[] _attributes;
    private string? _regionText, _hash;
    private bool _isVerified;

    /// <param name="signed">As it came.</param>
    /// <param name="decision">What it says; it must have a region.</param>
    /// <param name="isVerified">Whether the signature was looked at: one that comes from the store is verified when it is first used.</param>
    public KeptDecision(V1.SignedPayload signed, ReceivedDecision decision, bool isVerified)
    {
        Signed = signed;
        Decision = decision;
        Region = decision.Region ?? throw new ArgumentException("the decision has no region", nameof(decision));
        _attributes = [.. Region.Parts.Attributes];
        _isVerified = isVerified;
    }

    public V1.SignedPayload Signed { get; }

    public ReceivedDecision Decision { get; }

    public Region Region { get; }

    /// <summary>The region in words: equal words, equal regions.</summary>
    public string RegionText => _regionText ??= Region.ToString();

    /// <summary>The SHA-256 of the payload, in lower-case hexadecimal.</summary>
    public string Hash => _hash ??= Convert.ToHexStringLower(SHA256.HashData(Signed.Payload.Span));

    public DecisionKind Kind => Decision.Kind;

    /// <summary>By the device's clock.</summary>
    public required DateTimeOffset FreshUntil { get; init; }

    /// <summary>By the device's clock.</summary>
    public required DateTimeOffset UsableUntil { get; init; }

    /// <summary>Whether it was kept while the clock stood later than it does now: then it is not fresh.</summary>
    public bool IsFromLaterClock { get; init; }

    /// <summary>When it is asked for anew, if it is in use: a while before it ends that differs from decision to decision, so that a fleet does not ask as one.</summary>
    public DateTimeOffset RefreshAt { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Who used it last, and has it asked for anew; null while nobody did.</summary>
    public ClaimSet? User { get; set; }

    /// <summary>About how much memory it takes.</summary>
    public int Bytes => Signed.Payload.Length;

    /// <summary>The same, kept while the clock stood later than it does now.</summary>
    public KeptDecision FromLaterClock() => new(Signed, Decision, _isVerified) { FreshUntil = FreshUntil, UsableUntil = UsableUntil, IsFromLaterClock = true };

    /// <summary>Whether its signature holds under the keys of today.</summary>
    public bool IsBelieved(TrustedKeys keys)
    {
        if (_isVerified)
            return true;
        try
        {
            keys.Decision(Signed);
            return _isVerified = true;
        }
        catch (WireException)
        {
            return false;
        }
    }

    /// <summary>Whether what is known of the device lies in the region at a moment: its claims as far as it may claim, and what is stated of it, which wins.</summary>
    public bool Holds(ClaimSet claims, DeviceFacts facts, DateTimeOffset now)
    {
        if (Region.NeedsVouching && !(now < facts.Statement?.ValidUntil))
            return false;
        AttributeValue[] values = ClaimSet.Buffer(_attributes.Length);
        for (int i = 0; i < _attributes.Length; i++)
            values[i] = claims.ValueFor(_attributes[i].Definition, facts);
        return Region.Contains(values.AsSpan(0, _attributes.Length), now);
    }

    /// <summary>The same where it comes from a decision point. Where the clock decides, this device's may stand a little beside that one's.</summary>
    public bool HoldsAsIssued(ClaimSet claims, DeviceFacts facts, DateTimeOffset now) => Holds(claims, facts, now) || Holds(claims, facts, Decision.IssuedAt);

    /// <summary>Until when what is stated of the device need not be asked for anew; the end of time where nobody need vouch for it.</summary>
    public DateTimeOffset StatedFreshUntil(DeviceFacts facts) => Region.NeedsVouching ? facts.Statement?.FreshUntil ?? DateTimeOffset.MinValue : DateTimeOffset.MaxValue;

    /// <summary>When what is known of the device leaves the region by the clock, or is vouched for no longer; the end of time for never.</summary>
    public DateTimeOffset HoldsUntil(ClaimSet claims, DeviceFacts facts, DateTimeOffset now)
    {
        DateTimeOffset until = Region.NeedsVouching ? facts.Statement?.ValidUntil ?? now : DateTimeOffset.MaxValue;
        if (!Region.IsTimed)
            return until;
        DeviceContext context = DeviceContext.Of(_attributes.Select(scale => KeyValuePair.Create(scale.Definition.Name, claims.ValueFor(scale.Definition, facts)))
            .Where(value => value.Value.Kind != AttributeValueKind.None));
        return Region.HoldsUntil(Region.Prepare(context), now) is { } leaves && leaves < until ? leaves : until;
    }
}
