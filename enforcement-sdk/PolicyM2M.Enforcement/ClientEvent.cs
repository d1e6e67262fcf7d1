using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement;

/// <summary>Something that an operator of the device may want to know.</summary>
public abstract record ClientEvent
{
    private ClientEvent() { }

    /// <summary>The link to the decision point stands: it told its revision.</summary>
    /// <param name="Revision">The active revision.</param>
    public sealed record Connected(RevisionId Revision) : ClientEvent;

    /// <summary>The decision point serves other policies than before: nothing made from the old ones is fresh any more.</summary>
    /// <param name="Revision">The active revision.</param>
    public sealed record RevisionChanged(RevisionId Revision) : ClientEvent;

    /// <summary>The decision point cannot be reached.</summary>
    /// <param name="Reason">What failed.</param>
    public sealed record Disconnected(string Reason) : ClientEvent;

    /// <summary>The decision point answered, and will not speak to this device; or its answer made no sense.</summary>
    /// <param name="Reason">What it said.</param>
    public sealed record Refused(string Reason) : ClientEvent;

    /// <summary>What was kept could not be believed, and was thrown away.</summary>
    /// <param name="Reason">What was wrong with it.</param>
    public sealed record CacheDiscarded(string Reason) : ClientEvent;

    /// <summary>A decision could not be kept: it is used, and lost with the process.</summary>
    /// <param name="Reason">What failed.</param>
    public sealed record CacheNotWritten(string Reason) : ClientEvent;

    /// <summary>The system clock stands before a moment already seen: until it has caught up, time is counted on from there, and nothing kept is fresh.</summary>
    /// <param name="Behind">How far it stands behind.</param>
    public sealed record ClockSetBack(TimeSpan Behind) : ClientEvent;
}
