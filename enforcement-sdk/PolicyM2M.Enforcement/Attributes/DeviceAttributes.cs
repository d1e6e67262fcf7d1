using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Attributes;

/// <summary>A value and how old it is.</summary>
/// <param name="Value">The value.</param>
/// <param name="Source">Who said it.</param>
/// <param name="ReadAt">When.</param>
public readonly record struct AttributeReading(AttributeValue Value, string Source, DateTimeOffset ReadAt);

/// <summary>
/// What a device says of itself, gathered from several sources. Of an attribute that several give, the first source in order counts. What a source said before counts while it fails, but never longer than
/// <see cref="LongestAge"/>: after that the attribute is missing, and the strictest holds. Mutable; one caller reads at a time, the others wait.
/// </summary>
/// <param name="sources">The sources, the one that counts most first.</param>
/// <param name="time">The clock.</param>
/// <param name="onFault">Told what is wrong with a source, in words; null for nobody.</param>
public sealed class DeviceAttributes(IReadOnlyList<IAttributeSource> sources, TimeProvider? time = null, Action<string>? onFault = null) : IDisposable
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly (DeviceContext Said, long Timestamp, DateTimeOffset ReadAt)?[] _last = new (DeviceContext, long, DateTimeOffset)?[sources.Count];

    /// <summary>How old a value may be.</summary>
    public TimeSpan LongestAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The values that were gathered last, with their ages.</summary>
    public ImmutableSortedDictionary<string, AttributeReading> Readings { get; private set; } = ImmutableSortedDictionary.Create<string, AttributeReading>(StringComparer.Ordinal);

    /// <summary>Gathers what the sources say now.</summary>
    /// <param name="needed">The attributes that the policies need; null for all. Nothing else is in the result.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<DeviceContext> ReadAsync(IReadOnlySet<string>? needed = null, CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            ImmutableSortedDictionary<string, AttributeReading>.Builder gathered = ImmutableSortedDictionary.CreateBuilder<string, AttributeReading>(StringComparer.Ordinal);
            for (int i = 0; i < sources.Count; i++)
                await ReadAsync(i, needed, gathered, cancellation).ConfigureAwait(false);
            Readings = gathered.ToImmutable();
            return DeviceContext.Of(Readings.Select(reading => KeyValuePair.Create(reading.Key, reading.Value.Value)));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task ReadAsync(int source, IReadOnlySet<string>? needed, ImmutableSortedDictionary<string, AttributeReading>.Builder gathered, CancellationToken cancellation)
    {
        try
        {
            _last[source] = (await sources[source].ReadAsync(needed, cancellation).ConfigureAwait(false), _time.GetTimestamp(), _time.GetUtcNow());
        }
        catch (AttributeSourceException fault)
        {
            onFault?.Invoke($"{sources[source].Name}: {fault.Message}");
        }
        // Ages are counted, and not read from a clock that somebody may set.
        if (_last[source] is not { } last || _time.GetElapsedTime(last.Timestamp) > LongestAge)
            return;
        foreach ((string name, AttributeValue value) in last.Said.Values.Where(value => needed?.Contains(value.Key) != false))
            gathered.TryAdd(name, new AttributeReading(value, sources[source].Name, last.ReadAt));
    }
}
