using System.Collections.Immutable;

namespace PolicyM2M.Engine.Contexts;

/// <summary>The types an attribute can have.</summary>
public enum AttributeType
{
    /// <summary>True or false.</summary>
    Bool,

    /// <summary>A whole number within a range.</summary>
    Int,

    /// <summary>A text, compared exactly; or one of the listed values where the attribute is an enumeration.</summary>
    String,

    /// <summary>A version in semantic-version order.</summary>
    Version,

    /// <summary>A length of time in whole seconds.</summary>
    Duration,

    /// <summary>A moment, in whole seconds.</summary>
    Instant,

    /// <summary>An IPv4 or IPv6 address.</summary>
    Address,

    /// <summary>A set of texts.</summary>
    Set,
}

/// <summary>Who may say what an attribute's value is, weakest first.</summary>
public enum Provenance
{
    /// <summary>The device itself.</summary>
    Claimed,

    /// <summary>Verified evidence.</summary>
    Attested,

    /// <summary>Only the decision point's own registry.</summary>
    Registry,
}

/// <summary>An attribute that contexts may hold and policies may test.</summary>
/// <param name="Name">The dotted name, such as <c>firmware.version</c>.</param>
/// <param name="Type">The type of its values.</param>
/// <param name="Provenance">The weakest source from which a value is believed; one from a weaker source counts as missing.</param>
/// <param name="Description">What it means, for people.</param>
/// <param name="Minimum">The least value of an int, or of a duration in seconds; null for none.</param>
/// <param name="Maximum">The greatest value of an int, or of a duration in seconds; null for none.</param>
/// <param name="Values">The values of an enumeration, or those that a set may hold; empty where any text will do.</param>
/// <param name="Default">What holds where a context does not give the attribute at all; null where it is then missing.</param>
/// <param name="AgeOf">The instant attribute whose age this duration is: it is then derived from that and the clock, and never taken from a context.</param>
public sealed record AttributeDefinition(
    string Name, AttributeType Type, Provenance Provenance, string Description, long? Minimum, long? Maximum, ImmutableArray<string> Values,
    AttributeValue? Default = null, string? AgeOf = null);
