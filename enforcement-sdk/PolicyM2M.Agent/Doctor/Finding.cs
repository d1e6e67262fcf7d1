namespace PolicyM2M.Agent.Doctor;

/// <summary>What was found out about one thing.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Severity">How it stands.</param>
/// <param name="Text">What was found.</param>
/// <param name="Remedy">What to do about it; empty where nothing need be done.</param>
internal sealed record Finding(string Check, Severity Severity, string Text, string Remedy = "")
{
    /// <summary>Whether the agent does not start by it.</summary>
    public bool KeepsFromStarting { get; init; }

    /// <summary>A fault that keeps the agent from starting.</summary>
    public static Finding Fatal(string check, string text, string remedy) => new(check, Severity.Fault, text, remedy) { KeepsFromStarting = true };
}

/// <summary>How a thing stands.</summary>
internal enum Severity
{
    /// <summary>As it should.</summary>
    Ok,

    /// <summary>It works now, and may not for long.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Fault,
}
