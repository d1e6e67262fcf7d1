namespace PolicyM2M.Enforcement.Rotation;

/// <summary>Something happened to a credential that an operator of the device may want to know. No secrets are in it.</summary>
public abstract record RotationEvent
{
    private RotationEvent(string name) => Name = name;

    /// <summary>What the device calls the credential.</summary>
    public string Name { get; }

    /// <summary>An attempt to renew begins.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Cause">Why.</param>
    /// <param name="Rekey">Whether the successor gets another key.</param>
    public sealed record Renewing(string Name, RotationCause Cause, bool Rekey) : RotationEvent(Name);

    /// <summary>The issuer has the request and answers later.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="AskAgainAt">When it is asked again.</param>
    public sealed record Accepted(string Name, DateTimeOffset AskAgainAt) : RotationEvent(Name);

    /// <summary>An attempt failed: the issuer refused or was not reached, what it gave was not what was asked for, or the disk failed.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="IsUnreachable">Whether the issuer was not reached.</param>
    /// <param name="NextAttempt">When it is tried again.</param>
    public sealed record Failed(string Name, string Reason, bool IsUnreachable, DateTimeOffset NextAttempt) : RotationEvent(Name);

    /// <summary>The device goes over to a successor, and keeps the one before.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="From">The one before.</param>
    /// <param name="To">The successor, on trial until something is reached with it.</param>
    public sealed record Switched(string Name, Credential From, Credential To) : RotationEvent(Name);

    /// <summary>A successor came whose validity has not begun.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Next">The successor.</param>
    public sealed record Waits(string Name, Credential Next) : RotationEvent(Name);

    /// <summary>Something was reached with the successor.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Serving">The successor.</param>
    /// <param name="PredecessorUntil">Until when the one before stays usable.</param>
    public sealed record Confirmed(string Name, Credential Serving, DateTimeOffset PredecessorUntil) : RotationEvent(Name);

    /// <summary>The successor did not work, and the one before serves again.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Dropped">The successor.</param>
    /// <param name="Serving">The one before.</param>
    /// <param name="Reason">What failed.</param>
    public sealed record RolledBack(string Name, Credential Dropped, Credential Serving, string Reason) : RotationEvent(Name);

    /// <summary>The one before is no longer kept.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Predecessor">The one before.</param>
    public sealed record PredecessorEnded(string Name, Credential Predecessor) : RotationEvent(Name);

    /// <summary>What may be used is another than before, or may be used for another reason.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Use">What may be used now.</param>
    public sealed record UseChanged(string Name, CredentialUse Use) : RotationEvent(Name);

    /// <summary>Somebody put a newer credential where the first one was taken from: it is taken as a successor, on trial as any other, from when it is valid.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Successor">The newer one.</param>
    public sealed record Adopted(string Name, Credential Successor) : RotationEvent(Name);

    /// <summary>What lies where the first credential was taken from is not taken up: its files are damaged, or it is none that an issuer might have given. The one in use stays.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Reason">What is wrong with it.</param>
    public sealed record NotAdopted(string Name, string Reason) : RotationEvent(Name);

    /// <summary>A state on disk could not be believed. The one before it, or the newest credential that is whole, takes its place.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Reason">What was wrong with it.</param>
    public sealed record StateDiscarded(string Name, string Reason) : RotationEvent(Name);

    /// <summary>Something could not be written, and so was not done.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Reason">What failed.</param>
    public sealed record NotWritten(string Name, string Reason) : RotationEvent(Name);

    /// <summary>The clock stepped forward by much: somebody set it, or the machine slept. What ended thereby stays ended.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="By">By how much.</param>
    public sealed record ClockSteppedForward(string Name, TimeSpan By) : RotationEvent(Name);

    /// <summary>The system clock stands before a moment already seen: time is counted on from there, until it has caught up or an issuer bears it out.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Behind">How far it stands behind.</param>
    public sealed record ClockSetBack(string Name, TimeSpan Behind) : RotationEvent(Name);

    /// <summary>A new successor begins when the system clock says that it is now: the latest moment seen never was, and the system clock counts again.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="By">How far ahead the latest moment seen stood.</param>
    public sealed record ClockSetRight(string Name, TimeSpan By) : RotationEvent(Name);

    /// <summary>The decision point knows of a rotation, or will not: it refused the report.</summary>
    /// <param name="Name">The credential.</param>
    /// <param name="Report">The rotation.</param>
    /// <param name="Refusal">Why it was refused; null where it was taken.</param>
    public sealed record Reported(string Name, RotationReport Report, string? Refusal) : RotationEvent(Name);
}
