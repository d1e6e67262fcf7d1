namespace PolicyM2M.Registry;

/// <summary>The registry's database cannot be reached or used. What it knows counts as missing until it can. The message holds no secrets.</summary>
public sealed class RegistryUnavailableException : Exception
{
    /// <param name="database">The database, by a name that holds no secrets.</param>
    /// <param name="cause">What the database or its driver said.</param>
    /// <param name="isBusy">Whether somebody else's change held this one up for too long.</param>
    public RegistryUnavailableException(string database, Exception cause, bool isBusy = false)
        : base($"{database}: {FirstLine(cause)}", cause) => IsBusy = isBusy;

    /// <param name="message">What is wrong with it.</param>
    public RegistryUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Whether the database is there, but was busy with somebody else's change for too long. Nothing was done then, and it can be asked again.</summary>
    public bool IsBusy { get; }

    private static string FirstLine(Exception cause)
    {
        // The driver says `Exception while reading from stream`; what lies behind it says why.
        string message = cause.InnerException is { } inner && cause.Message.StartsWith("Exception while", StringComparison.Ordinal) ? inner.Message : cause.Message;
        return message.Split('\n')[0].TrimEnd('\r', '.');
    }
}

/// <summary>Why a change of a device is not made.</summary>
public enum RefusalKind
{
    /// <summary>There is no such device.</summary>
    NotFound,

    /// <summary>The device is of another version than the one who wrote the change saw.</summary>
    Conflict,

    /// <summary>The device's state does not allow it.</summary>
    NotAllowed,
}

/// <summary>Why a change of a device is not made.</summary>
/// <param name="Kind">Of what kind the reason is.</param>
/// <param name="Message">The reason, and what to do, for people.</param>
public sealed record Refusal(RefusalKind Kind, string Message);

/// <summary>A change of a device that is not made; nothing has changed.</summary>
public sealed class DeviceRefusedException(Refusal refusal) : Exception(refusal?.Message)
{
    /// <summary>Why.</summary>
    public Refusal Refusal { get; } = refusal ?? throw new ArgumentNullException(nameof(refusal));
}
