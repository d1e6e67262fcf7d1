using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Caching;

/// <summary>A decision as the cache keeps it.</summary>
/// <param name="Key">The context that it was made for, as <see cref="ContextKey"/> writes it.</param>
/// <param name="Message">The wire message, byte for byte.</param>
/// <param name="Decision">What the message says.</param>
/// <param name="FreshUntil">By the device's clock: its windows count from when the device asked, so that a wrong clock on either side lengthens nothing.</param>
/// <param name="UsableUntil">Likewise.</param>
/// <param name="IsFromBefore">Whether it was kept by an earlier process while the clock stood later than it does now: then it is not fresh.</param>
internal sealed record KeptDecision(
    string Key, ReadOnlyMemory<byte> Message, ReceivedDecision Decision, DateTimeOffset FreshUntil, DateTimeOffset UsableUntil, bool IsFromBefore = false)
{
    public bool IsFresh(DateTimeOffset now) => !IsFromBefore && now < FreshUntil;

    public bool IsUsable(DateTimeOffset now) => now < UsableUntil;
}
