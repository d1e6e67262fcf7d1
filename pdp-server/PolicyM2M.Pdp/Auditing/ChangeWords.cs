using PolicyM2M.Registry;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>Why the audit log says that the registry did not make a change. The registry's own words name the device, which the log may know by a pseudonym only.</summary>
internal static class ChangeWords
{
    /// <summary>The database failed, and may have done so after it had taken the change.</summary>
    public const string Unknown = "the registry could not be reached, and whether it was done is not known";

    /// <summary>Somebody else's change held it up for too long.</summary>
    public const string Busy = "the registry was busy with another change";

    /// <summary>The database failed.</summary>
    public static string Failed(RegistryUnavailableException fault) => fault.IsBusy ? Busy : Unknown;

    /// <summary>The registry refused it.</summary>
    public static string Refused(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.NotFound => "there is no such device",
        RefusalKind.Conflict => "it is of another version than was expected",
        _ => "its state does not allow it",
    };
}
