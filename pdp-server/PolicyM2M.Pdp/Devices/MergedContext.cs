using System.Collections.Immutable;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Pdp.Devices;

/// <summary>A claim that was not believed.</summary>
/// <param name="Name">The attribute.</param>
/// <param name="Reason">Why, for people.</param>
internal readonly record struct DroppedClaim(string Name, string Reason);

/// <summary>What is known of a device when everybody has been heard, each only on what they may say.</summary>
/// <param name="Context">The values that count.</param>
/// <param name="Dropped">The claims that do not.</param>
internal sealed record MergedContext(DeviceContext Context, ImmutableArray<DroppedClaim> Dropped)
{
    /// <summary>The attribute that is the device's identity.</summary>
    public const string DeviceId = "device.id";

    /// <summary>
    /// Puts claims and registry together. A claim stands only where the schema lets a device say it and the registry does not
    /// say otherwise; the device's id comes from its identity and from nowhere else.
    /// </summary>
    public static MergedContext Of(string device, DeviceContext claims, DeviceContext registered, Bundle bundle)
    {
        ImmutableArray<DroppedClaim>.Builder dropped = ImmutableArray.CreateBuilder<DroppedClaim>();
        DeviceContext believed = claims.Where(name =>
        {
            string? reason = ReasonToDrop(name, claims.Values[name], device, registered, bundle);
            if (reason is not null)
                dropped.Add(new DroppedClaim(name, reason));
            return reason is null;
        });
        return new MergedContext(DeviceContext.Of([.. believed.Values, .. registered.Values]).With(DeviceId, AttributeValue.Of(device)), dropped.ToImmutable());
    }

    private static string? ReasonToDrop(string name, AttributeValue claim, string device, DeviceContext registered, Bundle bundle)
    {
        if (name == DeviceId)
            return claim == AttributeValue.Of(device) ? null : "the device's id is that of its identity";
        if (!bundle.Attributes.TryGetValue(name, out AttributeDefinition? definition))
            return null;
        return definition.Provenance switch
        {
            // Said even where the claim is right: otherwise a device could guess until it knows what the registry says of it.
            Provenance.Registry => "only the registry may say it",
            Provenance.Attested => "it is believed only of verified evidence",
            _ => registered.Values.TryGetValue(name, out AttributeValue known) && known != claim ? "the registry says otherwise" : null,
        };
    }
}
