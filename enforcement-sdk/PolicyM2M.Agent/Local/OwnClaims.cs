using System.Collections.Immutable;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Local;

/// <summary>
/// What the gateway says of itself: what its configuration says, then its sources, then what its certificate shows, each where those before say nothing of an attribute. The sources are read beside
/// everything else, so that one that hangs holds up no decision. Safe for all threads.
/// </summary>
/// <param name="configured">What the configuration says.</param>
/// <param name="sources">Where the rest is read; null where nowhere.</param>
internal sealed class OwnClaims(DeviceContext configured, DeviceAttributes? sources = null) : IDisposable
{
    /// <summary>What the sources say first is waited for, but no longer: what they have not said by then is missing.</summary>
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether sources say what else is to be said of the gateway, and its programs nothing: they must not fill in what a source that fails leaves out.</summary>
    public bool HasSources => sources is not null;

    /// <summary>Reads the sources again and again.</summary>
    /// <param name="interval">How often at least; in any case often enough that what was read does not grow too old between.</param>
    /// <param name="changed">Told that they say something else than before.</param>
    /// <param name="looked">Called after each look at them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ending">Ends it.</param>
    public async Task RunAsync(TimeSpan interval, Action changed, Func<Task> looked, TimeProvider time, CancellationToken ending)
    {
        if (sources is null)
        {
            while (true)
            {
                await looked();
                await Task.Delay(interval, time, ending);
            }
        }
        _ = GiveUpAsync(ending);
        TimeSpan pause = interval < sources.LongestAge / 2 ? interval : sources.LongestAge / 2;
        ImmutableSortedDictionary<string, AttributeValue> before = ImmutableSortedDictionary<string, AttributeValue>.Empty;
        while (true)
        {
            ImmutableSortedDictionary<string, AttributeValue> said = (await sources.ReadAsync(needed: null, ending)).Values.ToImmutableSortedDictionary(StringComparer.Ordinal);
            _first.TrySetResult();
            if (!said.SequenceEqual(before))
                changed();
            before = said;
            await looked();
            await Task.Delay(pause, time, ending);
        }
    }

    /// <summary>What is said now.</summary>
    /// <param name="issuedAt">When the certificate in use was issued.</param>
    /// <param name="ending">Ends the wait for the first reading.</param>
    public async ValueTask<DeviceContext> OfAsync(DateTimeOffset issuedAt, CancellationToken ending)
    {
        if (sources is null)
            return Adding(configured, Shown(issuedAt));
        await _first.Task.WaitAsync(ending);
        return Adding(Adding(configured, sources.Known()), Shown(issuedAt));
    }

    /// <summary>All that is said now, and what of it will come to nothing.</summary>
    /// <param name="issuedAt">When the certificate in use was issued.</param>
    /// <param name="needed">What the policies test; empty while nobody has told.</param>
    public ImmutableArray<ClaimSighting> Seen(DateTimeOffset issuedAt, ImmutableArray<string> needed) =>
        ClaimsReview.Of(configured, sources?.Readings ?? ImmutableSortedDictionary<string, AttributeReading>.Empty, Shown(issuedAt), needed);

    /// <inheritdoc/>
    public void Dispose() => sources?.Dispose();

    /// <summary>What a certificate that was issued then shows.</summary>
    public static DeviceContext Shown(DateTimeOffset issuedAt) => DeviceContext.Empty.With("credential.issued-at", AttributeValue.Of(InstantText.Format(issuedAt.ToUnixTimeSeconds())));

    /// <summary>What the first says, and of the further what the first does not say.</summary>
    public static DeviceContext Adding(DeviceContext first, DeviceContext further) =>
        further.Values.Where(value => !first.Values.ContainsKey(value.Key)).Aggregate(first, (merged, value) => merged.With(value.Key, value.Value));

    private async Task GiveUpAsync(CancellationToken ending)
    {
        await Task.Delay(FirstWait, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _first.TrySetResult();
    }
}
