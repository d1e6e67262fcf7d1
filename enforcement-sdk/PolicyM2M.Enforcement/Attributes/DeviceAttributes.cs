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
/// <see cref="LongestAge"/>: after that the attribute is missing, and the strictest holds. Mutable; one caller reads at a time, the others wait. What is known can be looked at from any thread.
/// </summary>
/// <param name="sources">The sources, the one that counts most first.</param>
/// <param name="time">The clock.</param>
/// <param name="onFault">Told which source cannot say anything, and why in words, when that begins; and with null in the place of words when it ends. Null for nobody.</param>
public sealed class DeviceAttributes(IReadOnlyList<IAttributeSource> sources, TimeProvider? time = null, Action<string, string?>? onFault = null) : IDisposable
{
    /// <summary>How long a source is waited for that was told to end.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Said?[] _last = new Said?[sources.Count];
    private readonly Task<DeviceContext>?[] _underWay = new Task<DeviceContext>?[sources.Count];
    private readonly bool[] _fails = new bool[sources.Count];

    /// <summary>How old a value may be.</summary>
    public TimeSpan LongestAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a source is waited for. One that takes longer is not asked again before it has answered.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The values that count now, with their ages.</summary>
    public ImmutableSortedDictionary<string, AttributeReading> Readings
    {
        get
        {
            ImmutableSortedDictionary<string, AttributeReading>.Builder gathered = ImmutableSortedDictionary.CreateBuilder<string, AttributeReading>(StringComparer.Ordinal);
            for (int i = 0; i < sources.Count; i++)
            {
                // Ages are counted, and not read from a clock that somebody may set.
                if (Volatile.Read(ref _last[i]) is not { } last || _time.GetElapsedTime(last.Timestamp) > LongestAge)
                    continue;
                foreach ((string name, AttributeValue value) in last.Context.Values)
                    gathered.TryAdd(name, new AttributeReading(value, sources[i].Name, last.ReadAt));
            }
            return gathered.ToImmutable();
        }
    }

    /// <summary>What counts now of what was gathered; nothing is read.</summary>
    /// <param name="needed">The attributes that the policies need; null for all. Nothing else is in the result.</param>
    public DeviceContext Known(IReadOnlySet<string>? needed = null) =>
        DeviceContext.Of(Readings.Where(reading => needed?.Contains(reading.Key) != false).Select(reading => KeyValuePair.Create(reading.Key, reading.Value.Value)));

    /// <summary>Gathers what the sources say now, from all at once.</summary>
    /// <inheritdoc cref="Known"/>
    /// <param name="needed">The attributes that the policies need; null for all. Nothing else is in the result.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<DeviceContext> ReadAsync(IReadOnlySet<string>? needed = null, CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, sources.Count).Select(source => ReadAsync(source, needed, cancellation))).ConfigureAwait(false);
            return Known(needed);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task ReadAsync(int source, IReadOnlySet<string>? needed, CancellationToken cancellation)
    {
        if (_underWay[source] is { IsCompleted: false })
            return;
        // On a thread of its own: a source may block, as one does that opens a file of a server that is away.
        Task<DeviceContext> reading = Task.Run(async () => await sources[source].ReadAsync(needed, cancellation).ConfigureAwait(false), cancellation);
        _underWay[source] = reading;
        try
        {
            DeviceContext said = await reading.WaitAsync(LongestWait, cancellation).ConfigureAwait(false);
            Volatile.Write(ref _last[source], new Said(said, _time.GetTimestamp(), _time.GetUtcNow()));
            Tell(source, null);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It was told as well. A program of its ends by that, and whoever goes before it did leaves the program behind.
            await ((Task)reading).WaitAsync(LongestEnd, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        catch (AttributeSourceException fault)
        {
            Tell(source, fault.Message);
        }
        catch (TimeoutException) when (!reading.IsCompleted)
        {
            Tell(source, $"it did not answer within {LongestWait.TotalSeconds:0.###} s");
        }
        catch (Exception mistake) when (!cancellation.IsCancellationRequested)
        {
            // One source that has a mistake must not silence the others.
            Tell(source, $"it failed: {mistake.Message}");
        }
    }

    private void Tell(int source, string? fault)
    {
        if (_fails[source] == fault is not null)
            return;
        _fails[source] = fault is not null;
        EventHandling.Tell<string?>(text => onFault?.Invoke(sources[source].Name, text), fault);
    }

    private sealed record Said(DeviceContext Context, long Timestamp, DateTimeOffset ReadAt);
}
