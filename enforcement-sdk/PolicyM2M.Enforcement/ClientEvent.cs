using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;
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

    /// <summary>The decision point's registry says something else of a device than before (a quarantine, another risk or site): unless its new statement came with that, nothing kept is fresh for it any more.</summary>
    /// <param name="Device">The device's id: this one's, or that of one behind it which is watched.</param>
    public sealed record DeviceChanged(string Device) : ClientEvent;

    /// <summary>The decision point cannot be reached. Told once for each reason until it answers again, however often it is tried.</summary>
    /// <param name="Reason">What failed, in words.</param>
    /// <param name="Detail">What the transport said, for who debugs it: its words differ from machine to machine and from time to time.</param>
    public sealed record Disconnected(string Reason, string Detail) : ClientEvent
    {
        /// <summary>Whether somebody is there, and ends the handshake: mostly because this device's certificate is not one that is let in.</summary>
        public bool IsTurnedAway { get; init; }
    }

    /// <summary>
    /// Little is left of the time of this device's certificate, or of an authority above it in its file, or nothing. While a connection stands nothing else tells. Once it has ended no decision
    /// point answers, and what is kept holds for as long as it may, as where none can be reached.
    /// </summary>
    /// <param name="Until">When the first of them ends.</param>
    /// <param name="IsOver">Whether it has ended.</param>
    public sealed record CertificateEnding(DateTimeOffset Until, bool IsOver) : ClientEvent;

    /// <summary>The decision point answered, and will not speak to this device, or of one behind it; or its answer made no sense.</summary>
    /// <param name="Reason">What it said.</param>
    public sealed record Refused(string Reason) : ClientEvent
    {
        /// <summary>Whether it is this device's credential that it will not speak to, and not one request.</summary>
        public bool IsUnwelcome { get; init; }

        /// <summary>The device of which alone it will not speak, or of which it told what is not taken; null where it is this device's credential, or all that it answers.</summary>
        public string? Device { get; init; }
    }

    /// <summary>
    /// What the policies ask of a device and did not get. Told when an answer of the decision point shows it, and again when that changes; also when
    /// nothing is amiss any more.
    /// </summary>
    /// <param name="Device">The device's id: this one's, or that of one behind it which was asked about.</param>
    /// <param name="Ignored">Values that were not used, by name in ordinal order: those attributes count as missing.</param>
    /// <param name="Missing">Attributes that the policies test and a device may say, and it did not, in ordinal order: the answer is the strictest over all they could be.</param>
    public sealed record ContextRead(string Device, ImmutableArray<IgnoredValue> Ignored, ImmutableArray<string> Missing) : ClientEvent
    {
        /// <summary>Whether the decision point answers without its registry: what only that knows of the device counts as missing too, until it is back.</summary>
        public bool IsRegistryAway { get; init; }
    }

    /// <summary>What was kept could not be believed, and was thrown away.</summary>
    /// <param name="Reason">What was wrong with it.</param>
    public sealed record CacheDiscarded(string Reason) : ClientEvent;

    /// <summary>What is kept was signed by decision points that are not in the list of addresses now: it answers nothing, and stays until one in the list has answered, or the list is as before.</summary>
    /// <param name="Endpoints">The addresses of those who signed it.</param>
    public sealed record CacheSetAside(ImmutableArray<string> Endpoints) : ClientEvent;

    /// <summary>A decision could not be kept: it is used, and lost with the process.</summary>
    /// <param name="Reason">What failed.</param>
    public sealed record CacheNotWritten(string Reason) : ClientEvent;

    /// <summary>What the client does without being asked could not be done, for a reason that nobody foresaw. It is tried again each second; the reason is told once.</summary>
    /// <param name="Reason">What failed.</param>
    public sealed record HousekeepingFailed(string Reason) : ClientEvent;

    /// <summary>The answers about a device come from elsewhere than before.</summary>
    /// <param name="Device">The device's id.</param>
    /// <param name="Kind">The kind of decision.</param>
    /// <param name="From">Where they came from; null for the first.</param>
    /// <param name="To">Where they come from now.</param>
    public sealed record SourceChanged(string Device, DecisionKind Kind, DecisionSource? From, DecisionSource To) : ClientEvent;

    /// <summary>A decision point came with policies from before those that were already seen: they were refused.</summary>
    /// <param name="Revision">The policies that it came with.</param>
    /// <param name="Seen">Those that were seen.</param>
    public sealed record RevisionRefused(RevisionId Revision, RevisionId Seen) : ClientEvent;

    /// <summary>The keys that decisions are believed by are others than before: they came over mutual TLS from the decision point.</summary>
    /// <param name="KeyIds">The ids of those that count now.</param>
    public sealed record KeysChanged(ImmutableArray<string> KeyIds) : ClientEvent;

    /// <summary>A bundle is held from which decisions are made while nobody answers.</summary>
    /// <param name="Revision">The policies that it was compiled from.</param>
    /// <param name="ValidUntil">Until then decisions may be made from it.</param>
    public sealed record BundleHeld(RevisionId Revision, DateTimeOffset ValidUntil) : ClientEvent;

    /// <summary>A bundle could not be had or believed; one that is held stays.</summary>
    /// <param name="Reason">What was wrong.</param>
    public sealed record BundleRefused(string Reason) : ClientEvent;

    /// <summary>Another decision point is asked than before.</summary>
    /// <param name="From">The one before.</param>
    /// <param name="To">The one from now on.</param>
    public sealed record EndpointChanged(Uri From, Uri To) : ClientEvent;

    /// <summary>The clock stepped forward by much: somebody set it, or the machine slept. What ended thereby stays ended.</summary>
    /// <param name="By">By how much.</param>
    public sealed record ClockSteppedForward(TimeSpan By) : ClientEvent;

    /// <summary>
    /// The machine was started since the cache was written, or does not say, and nobody vouches for its clock: nothing kept is fresh before a decision point answers or the kernel says that the clock was set.
    /// </summary>
    public sealed record ClockUnknown : ClientEvent;

    /// <summary>The system clock stands before a moment already seen: until it has caught up, time is counted on from there, and nothing kept is fresh.</summary>
    /// <param name="Behind">How far it stands behind.</param>
    public sealed record ClockSetBack(TimeSpan Behind) : ClientEvent;
}

/// <summary>A value of the context that the decision point did not use.</summary>
/// <param name="Name">The attribute.</param>
/// <param name="Reason">Why: what was expected, or that a device may not say it of itself.</param>
public readonly record struct IgnoredValue(string Name, string Reason);
