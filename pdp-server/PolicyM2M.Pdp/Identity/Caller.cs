namespace PolicyM2M.Pdp.Identity;

/// <summary>What a caller may be. A set, so that a table can name several.</summary>
[Flags]
internal enum Roles
{
    /// <summary>A certificate of the trust domain that says nothing of a role: known, and allowed nothing.</summary>
    None = 0,

    /// <summary>Asks about itself.</summary>
    Device = 1,

    /// <summary>Asks about the devices of its site.</summary>
    Gateway = 2,

    /// <summary>Looks after the decision point.</summary>
    Operator = 4,

    /// <summary>Anybody who has a role.</summary>
    Any = Device | Gateway | Operator,
}

/// <summary>Who is at the other end of a connection, by the certificate it was opened with. Immutable.</summary>
/// <param name="Id">The SPIFFE ID.</param>
/// <param name="Role">Exactly one role, or none.</param>
/// <param name="Name">The last segment of the path: the device's id where the caller is a device.</param>
/// <param name="Until">When the certificate ends: a connection may outlive it, and what is asked over it then is asked by nobody.</param>
internal sealed record Caller(SpiffeId Id, Roles Role, string Name, DateTimeOffset Until)
{
    /// <summary>The caller that has this ID: the role is the first segment of a path of two.</summary>
    public static Caller Of(SpiffeId id, DateTimeOffset until) => id.Segments switch
    {
        ["device", var name] => new Caller(id, Roles.Device, name, until),
        ["gateway", var name] => new Caller(id, Roles.Gateway, name, until),
        ["operator", var name] => new Caller(id, Roles.Operator, name, until),
        _ => new Caller(id, Roles.None, "", until),
    };
}
