using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Local;

/// <summary>
/// What the gateway says of itself: what its configuration says, then its sources, then what its certificate shows, each where those before say nothing of an attribute. Its one mutable part is what
/// was read last; safe for all threads.
/// </summary>
/// <param name="configured">What the configuration says.</param>
/// <param name="sources">Where the rest is read.</param>
/// <param name="time">The clock.</param>
internal sealed class OwnClaims(DeviceContext configured, DeviceAttributes sources, TimeProvider time) : IDisposable
{
    private volatile Reading? _last;

    /// <summary>Reads the sources. Never fails: a source that does is told of, and says nothing once what it said before is too old.</summary>
    /// <param name="issuedAt">When the certificate in use was issued.</param>
    /// <param name="ending">Ends the wait.</param>
    public async Task<DeviceContext> ReadAsync(DateTimeOffset issuedAt, CancellationToken ending)
    {
        DeviceContext said = await sources.ReadAsync(needed: null, ending);
        _last = new Reading(said, time.GetTimestamp());
        return Of(said, issuedAt);
    }

    /// <summary>What was read last, for whoever should not wait for a slow source; reads where that is too old.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public Task<DeviceContext> LatestAsync(DateTimeOffset issuedAt, CancellationToken ending) =>
        _last is { } last && time.GetElapsedTime(last.Timestamp) <= sources.LongestAge ? Task.FromResult(Of(last.Said, issuedAt)) : ReadAsync(issuedAt, ending);

    /// <inheritdoc/>
    public void Dispose() => sources.Dispose();

    private DeviceContext Of(DeviceContext said, DateTimeOffset issuedAt) =>
        Adding(Adding(configured, said), DeviceContext.Empty.With("credential.issued-at", AttributeValue.Of(InstantText.Format(issuedAt.ToUnixTimeSeconds()))));

    private static DeviceContext Adding(DeviceContext first, DeviceContext further) =>
        further.Values.Where(value => !first.Values.ContainsKey(value.Key)).Aggregate(first, (merged, value) => merged.With(value.Key, value.Value));

    private sealed record Reading(DeviceContext Said, long Timestamp);
}
