using System.Collections.Immutable;
using PolicyM2M.Enforcement.Deciding;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>
/// What decision points signed that are not asked now. It answers nothing, and stays on disk until one that is asked has answered: a mistake in the list of addresses, made while nobody can be reached,
/// must not cost what is kept. Immutable.
/// </summary>
/// <param name="Keys">Their keys, which nothing is believed by.</param>
/// <param name="Decisions">The decisions.</param>
/// <param name="Statements">What was stated of devices, by their ids.</param>
internal sealed record SetAside(PinnedKeys Keys, ImmutableArray<KeptDecision> Decisions, ImmutableDictionary<string, HeldStatement> Statements)
{
    /// <summary>Divides what is kept.</summary>
    /// <param name="content">What is kept.</param>
    /// <param name="endpoints">The addresses of those who are asked.</param>
    /// <returns>What is theirs, and the rest; null where there is none.</returns>
    public static (StoreContent Asked, SetAside? Left) Divide(StoreContent content, IReadOnlyList<string> endpoints)
    {
        PinnedKeys asked = content.Keys.Of(endpoints), left = content.Keys.Of(content.Keys.ByEndpoint.Keys.Except(endpoints, StringComparer.Ordinal));
        if (left.ByEndpoint.IsEmpty)
            return (content, null);
        bool IsLeft(V1.SignedPayload signed) => left.Trusted.Knows(signed.KeyId) && !asked.Trusted.Knows(signed.KeyId);
        var statements = content.Devices.Where(facts => facts.Statement is { } held && IsLeft(held.Signed)).ToImmutableDictionary(facts => facts.Device, facts => facts.Statement!, StringComparer.Ordinal);
        return (content with
        {
            Keys = asked,
            Decisions = content.Decisions.RemoveAll(kept => IsLeft(kept.Signed)),
            Devices = [.. content.Devices.Select(facts => statements.ContainsKey(facts.Device) ? facts with { Statement = null } : facts)],
        }, new SetAside(left, [.. content.Decisions.Where(kept => IsLeft(kept.Signed))], statements));
    }

    /// <summary>Whether a key is theirs.</summary>
    public bool Knows(string keyId) => Keys.Trusted.Knows(keyId);

    /// <summary>What is written: both.</summary>
    public StoreContent Beside(StoreContent asked) => asked with
    {
        Keys = Keys.ByEndpoint.Aggregate(asked.Keys, (keys, left) => keys.With(left.Key, left.Value)),
        Decisions = [.. Decisions, .. asked.Decisions],
        Devices = [.. asked.Devices.Select(facts => facts.Statement is null && Statements.TryGetValue(facts.Device, out HeldStatement? held) ? facts with { Statement = held } : facts)],
    };
}
