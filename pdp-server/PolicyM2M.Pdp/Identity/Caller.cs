namespace PolicyM2M.Pdp.Identity;

/// <summary>What a caller may be. A set, so that a table can name several.</summary>
[Flags]
internal enum Roles
{
    /// <summary>A certificate of a trust domain that says nothing of a role: known, and allowed nothing.</summary>
    None = 0,

    /// <summary>Asks about itself.</summary>
    Device = 1,

    /// <summary>Asks about the devices of its site.</summary>
    Gateway = 2,

    /// <summary>Looks after the decision point.</summary>
    Operator = 4,

    /// <summary>Verifies what was decided, and changes nothing.</summary>
    Auditor = 8,

    /// <summary>Anybody who has a role.</summary>
    Any = Device | Gateway | Operator | Auditor,
}

/// <summary>Who is at the other end of a connection, by the certificate it was opened with. Immutable.</summary>
/// <param name="Id">By which of the certificate's names it is known.</param>
/// <param name="Role">Exactly one role, or none.</param>
/// <param name="Name">What the roles call it: the device's or the gateway's id in the registry. Empty where it has no role.</param>
internal sealed record Caller(CallerId Id, Roles Role, string Name);
