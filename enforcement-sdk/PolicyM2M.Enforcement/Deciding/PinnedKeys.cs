using System.Collections.Immutable;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The keys that decision points said are theirs, each over mutual TLS: those of an endpoint are replaced only by what it says later. Immutable.</summary>
internal sealed class PinnedKeys
{
    private PinnedKeys(ImmutableSortedDictionary<string, ImmutableArray<V1.SigningKey>> byEndpoint)
    {
        ByEndpoint = byEndpoint;
        Trusted = TrustedKeys.Of(byEndpoint.Values.SelectMany(keys => keys));
    }

    public static PinnedKeys None { get; } = new(ImmutableSortedDictionary.Create<string, ImmutableArray<V1.SigningKey>>(StringComparer.Ordinal));

    /// <summary>The keys, by the address of who served them.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<V1.SigningKey>> ByEndpoint { get; }

    /// <summary>All of them.</summary>
    public TrustedKeys Trusted { get; }

    /// <exception cref="WireException">A key is none.</exception>
    public PinnedKeys With(string endpoint, IEnumerable<V1.SigningKey> keys) => new(ByEndpoint.SetItem(endpoint, [.. keys]));

    /// <summary>Only those of decision points that are still asked.</summary>
    public PinnedKeys Of(IEnumerable<string> endpoints) => new(ByEndpoint.RemoveRange(ByEndpoint.Keys.Except(endpoints, StringComparer.Ordinal)));
}
