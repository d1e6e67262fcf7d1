namespace PolicyM2M.Audit;

/// <summary>A log that is not what it must be, or cannot be written: the message says what, and where.</summary>
public sealed class AuditLogException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public AuditLogException(string message)
        : base(message)
    {
    }

    /// <summary>Says what is wrong, and what made it so.</summary>
    public AuditLogException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
