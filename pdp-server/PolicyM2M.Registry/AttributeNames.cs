namespace PolicyM2M.Registry;

/// <summary>The attributes that the registry keeps as columns of their own, by their names in the standard device schema.</summary>
public static class AttributeNames
{
    /// <summary>The device's id. It comes from the device's identity, and is written nowhere else.</summary>
    public const string Id = "device.id";

    /// <summary>Where the device is in its life.</summary>
    public const string State = "lifecycle.state";

    /// <summary>The site where it is installed.</summary>
    public const string Site = "location.site";

    /// <summary>The risk that monitoring sees in it, from 0 to 100.</summary>
    public const string Risk = "posture.risk";

    /// <summary>What policies see of a revocation.</summary>
    public const string Compromised = "credential.compromised";

    /// <summary>Whether an attribute has a column of its own, so that it is not among a device's other attributes.</summary>
    public static bool IsColumn(string name) => name is Id or State or Site or Risk;
}
