using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement.Tls;

/// <summary>What an auth decision lets its device do, for an application to ask before it acts. Nothing is granted that is not named. Immutable.</summary>
public sealed record AuthorizedCapabilities
{
    private readonly string? _denial;

    private AuthorizedCapabilities(ImmutableArray<string> granted, string? denial)
    {
        Granted = granted;
        _denial = denial;
    }

    /// <summary>The labels that are granted.</summary>
    public ImmutableArray<string> Granted { get; }

    /// <summary>Those of an auth outcome; none where it denies.</summary>
    /// <exception cref="ArgumentException">The outcome is of another kind.</exception>
    public static AuthorizedCapabilities Of(Outcome auth)
    {
        ArgumentNullException.ThrowIfNull(auth);
        return auth.Kind == DecisionKind.Auth ? new(auth.NamesOf(Field.Capabilities) ?? [], auth.Denial)
            : throw new ArgumentException($"an outcome of {auth.Kind.Name()} grants no capabilities", nameof(auth));
    }

    /// <summary>None, because the connection has ended.</summary>
    internal static AuthorizedCapabilities After(Refusal? end) => new([], end is null ? "the connection has ended" : $"the connection has ended: {end}");

    /// <summary>Whether this label is granted, letter by letter.</summary>
    public bool Grants(string capability) => Granted.Contains(capability);

    /// <summary>Goes on only where this label is granted.</summary>
    /// <exception cref="EnforcementException">It is not.</exception>
    public void Demand(string capability)
    {
        ArgumentException.ThrowIfNullOrEmpty(capability);
        if (!Grants(capability))
            throw new EnforcementException(new(EnforcementReason.CapabilityNotGranted, $"`{capability}`{WhyNot}"));
    }

    private string WhyNot => _denial is not null ? $": {_denial}" : $" is not among what is granted: {(Granted.IsEmpty ? "nothing" : string.Join(", ", Granted))}";
}
