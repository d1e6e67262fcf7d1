using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;

namespace PolicyM2M.Wire;

/// <summary>What the decision point vouches for about one device. Immutable.</summary>
/// <param name="DeviceId">The device.</param>
/// <param name="Attributes">The values that the device may not say itself, or that the registry says.</param>
/// <param name="IssuedAt">When it was made.</param>
/// <param name="ValidUntil">From then on it says nothing.</param>
public sealed record ReceivedStatement(string DeviceId, DeviceContext Attributes, DateTimeOffset IssuedAt, DateTimeOffset ValidUntil)
{
    /// <summary>Until then it need not be asked for anew. From then on it is what was last known, for as long as nobody answers.</summary>
    public DateTimeOffset FreshUntil { get; init; } = ValidUntil;

    /// <summary>The context to judge a region by: what the device says, as far as it may, and what is stated, which wins.</summary>
    public DeviceContext ContextFor(Region region, DeviceContext claims)
    {
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(claims);
        HashSet<string> mayClaim = [.. region.Parts.Attributes.Where(scale => scale.Definition.Provenance == Provenance.Claimed).Select(scale => scale.Definition.Name)];
        return DeviceContext.Of([.. claims.Values.Where(claim => mayClaim.Contains(claim.Key)), .. Attributes.Values]);
    }

    /// <summary>What a payload says, whoever signed it. For who verified it before, or will before it counts.</summary>
    /// <exception cref="WireException">It does not say what its contract demands.</exception>
    public static ReceivedStatement Unverified(V1.SignedPayload signed)
    {
        ArgumentNullException.ThrowIfNull(signed);
        return Of(TrustedKeys.Parse(V1.DeviceStatement.Parser, signed));
    }

    /// <exception cref="WireException">It does not say what its contract demands.</exception>
    internal static ReceivedStatement Of(V1.DeviceStatement statement)
    {
        if (statement.DeviceId.Length == 0)
            throw new WireException("a statement names no device");
        for (int i = 1; i < statement.Attributes.Count; i++)
        {
            if (string.CompareOrdinal(statement.Attributes[i - 1].Name, statement.Attributes[i].Name) >= 0)
                throw new WireException("the attributes of a statement are not in order");
        }
        DateTimeOffset issuedAt = WireMapping.Instant(statement.IssuedAt, "a statement", "issued_at"), validUntil = WireMapping.Instant(statement.ValidUntil, "a statement", "valid_until");
        if (validUntil < issuedAt)
            throw new WireException("a statement ends before it begins");
        DateTimeOffset freshUntil = statement.FreshUntil is { } fresh ? WireMapping.Instant(fresh, "a statement", "fresh_until") : validUntil;
        if (freshUntil < issuedAt || freshUntil > validUntil)
            throw new WireException("a statement is not fresh within the time for which it holds");
        return new ReceivedStatement(statement.DeviceId,
            DeviceContext.Of(statement.Attributes.Select(attribute => KeyValuePair.Create(attribute.Name, WireMapping.FromWire(attribute.Value ?? throw new WireException("an attribute of a statement has no value"))))),
            issuedAt, validUntil)
        { FreshUntil = freshUntil };
    }
}
