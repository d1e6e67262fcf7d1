using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;

namespace PolicyM2M.Wire;

/// <summary>Regions to and from their messages.</summary>
internal static class RegionMapping
{
    /// <summary>Every enumeration has 0 for "unspecified" and then the engine's, in its order.</summary>
    private const int First = 1;

    public static V1.Region ToWire(Region region) => new()
    {
        Attributes = { region.Parts.Attributes.Select(ToWire) },
        Constraints = { region.Parts.Tests.Select(ToWire) },
    };

    /// <exception cref="WireException">It is no region.</exception>
    /// <param name="region">The message.</param>
    /// <param name="known">The attributes of regions read before, which this one shares where it has the same.</param>
    public static Region FromWire(V1.Region region, Dictionary<V1.AttributeScale, AttributeScale> known)
    {
        try
        {
            return Region.Of(new RegionParts([.. region.Attributes.Select(scale => Shared(scale, known))], [.. region.Constraints.Select(FromWire)]));
        }
        catch (ArgumentException fault)
        {
            throw new WireException($"a decision's region is none: {fault.Message}");
        }
    }

    private static V1.AttributeScale ToWire(AttributeScale scale)
    {
        AttributeDefinition definition = scale.Definition;
        var message = new V1.AttributeScale
        {
            Name = definition.Name,
            Type = (V1.AttributeType)(definition.Type + First),
            Provenance = (V1.Provenance)(definition.Provenance + First),
            Values = { definition.Values },
            Marks = { scale.Marks },
            Ranked = scale.IsRanked,
            Standard = definition.Default is { } standard ? WireMapping.ToWire(standard) : null,
            AgeOf = definition.AgeOf ?? "",
        };
        if (definition.Minimum is { } minimum)
            message.Minimum = minimum;
        if (definition.Maximum is { } maximum)
            message.Maximum = maximum;
        return message;
    }

    private static AttributeScale Shared(V1.AttributeScale scale, Dictionary<V1.AttributeScale, AttributeScale> known)
    {
        if (!known.TryGetValue(scale, out AttributeScale? shared))
            known.Add(scale, shared = FromWire(scale));
        return shared;
    }

    private static AttributeScale FromWire(V1.AttributeScale scale) => new(
        new AttributeDefinition(scale.Name, (AttributeType)(scale.Type - First), (Provenance)(scale.Provenance - First), "",
            scale.HasMinimum ? scale.Minimum : null, scale.HasMaximum ? scale.Maximum : null, [.. scale.Values],
            scale.Standard is null ? null : WireMapping.FromWire(scale.Standard), scale.AgeOf.Length == 0 ? null : scale.AgeOf),
        [.. scale.Marks], scale.Ranked);

    private static V1.RegionConstraint ToWire(RegionTest test)
    {
        bool isOfDay = test.Subject is RegionSubject.TimeOfDay or RegionSubject.Weekday;
        return new V1.RegionConstraint
        {
            Subject = (V1.RegionSubject)(test.Subject + First),
            Attribute = (uint)Math.Max(0, test.Attribute),
            Other = isOfDay ? 0 : (uint)test.Other,
            OffsetMinutes = isOfDay ? test.Other : 0,
            Item = test.Item,
            Missing = test.Codes is null,
            Codes = { (test.Codes ?? []).Select(interval => new V1.CodeInterval { Low = interval.Low, High = interval.High }) },
        };
    }

    private static RegionTest FromWire(V1.RegionConstraint constraint)
    {
        var subject = (RegionSubject)(constraint.Subject - First);
        bool isClock = subject is RegionSubject.Now or RegionSubject.TimeOfDay or RegionSubject.Weekday;
        if (constraint.Missing && constraint.Codes.Count > 0)
            throw new WireException("a constraint of a region is missing and has codes");
        if (isClock ? constraint.Attribute != 0 || constraint.Other != 0 : constraint.OffsetMinutes != 0)
            throw new WireException("a constraint of a region says what its subject does not have");
        return new RegionTest(subject, isClock ? -1 : Place(constraint.Attribute), isClock ? constraint.OffsetMinutes : Place(constraint.Other), constraint.Item,
            constraint.Missing ? null : [.. constraint.Codes.Select(interval => (interval.Low, interval.High))]);
    }

    private static int Place(uint place) => place <= int.MaxValue ? (int)place : throw new WireException("a constraint of a region looks at an attribute that is not there");
}
