using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Attributes;

/// <summary>Where a device learns something of itself that policies ask about.</summary>
public interface IAttributeSource
{
    /// <summary>What it is called in messages.</summary>
    string Name { get; }

    /// <summary>Reads what it knows now.</summary>
    /// <param name="needed">The attributes that the policies need, so that no work is done for others; null while nobody has told.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="AttributeSourceException">It cannot say anything now; the message says why.</exception>
    ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation);
}

/// <summary>A source could say nothing. What it said before counts on until that is too old.</summary>
public sealed class AttributeSourceException(string message, Exception? cause = null) : Exception(message, cause);
