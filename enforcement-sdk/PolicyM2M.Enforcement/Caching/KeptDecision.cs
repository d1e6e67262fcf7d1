using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>A decision as the cache keeps it.</summary>
/// <param name="Key">The context that it was made for, as <see cref="ContextKey"/> writes it: of the needed attributes only.</param>
/// <param name="Needed">The attributes that its revision tests: another context that agrees in them has the same answer.</param>
/// <param name="Message">The wire message, byte for byte.</param>
/// <param name="Decision">What the message says.</param>
/// <param name="FreshUntil">By the device's clock: its windows count from when the device asked, so that a wrong clock on either side lengthens nothing.</param>
/// <param name="UsableUntil">Likewise.</param>
/// <param name="IsFromLaterClock">Whether it was kept while the clock stood later than it does now: then it is not fresh.</param>
/// <param name="IsOutdated">Whether the registry has come to say something else of the device since it was asked for: then it is not fresh.</param>
internal sealed record KeptDecision(
    string Key, ImmutableSortedSet<string> Needed, ReadOnlyMemory<byte> Message, ReceivedDecision Decision, DateTimeOffset FreshUntil, DateTimeOffset UsableUntil,
    bool IsFromLaterClock = false, bool IsOutdated = false)
{
    public bool IsFresh(DateTimeOffset now) => !IsFromLaterClock && !IsOutdated && now < FreshUntil;

    public bool IsUsable(DateTimeOffset now) => now < UsableUntil;

    /// <summary>Whether it answers this question, whatever the policies of today would need to know.</summary>
    public bool Answers(DecisionKind kind, DeviceContext context) => Decision.Kind == kind && Key == ContextKey.Of(kind, context.Where(Needed.Contains));
}
