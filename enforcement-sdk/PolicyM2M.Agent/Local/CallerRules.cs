using System.Collections.Immutable;
using PolicyM2M.Agent.Configuration;

namespace PolicyM2M.Agent.Local;

/// <summary>Judges who may ask about which device. What no rule allows is refused, also to root.</summary>
/// <param name="rules">The rules; each adds.</param>
/// <param name="self">The id of the gateway itself.</param>
/// <param name="owner">The user that the agent runs as.</param>
internal sealed class CallerRules(ImmutableArray<CallerRule> rules, string self, uint owner)
{
    /// <summary>Whether the peer may ask about the device.</summary>
    public bool MayAskAbout(Peer peer, string device) =>
        Of(peer).Any(rule => rule.IsAll || (device == self ? rule.IsSelf : rule.Devices.Contains(device)));

    /// <summary>Whether the peer may ask about any device at all.</summary>
    public bool MayAskAboutAny(Peer peer) => Of(peer).Any();

    /// <summary>Whether the peer may see how the agent fares: whoever may ask about anything, root, and the agent's own user.</summary>
    public bool MaySeeStatus(Peer peer) => peer.User == 0 || peer.User == owner || MayAskAboutAny(peer);

    private IEnumerable<CallerRule> Of(Peer peer) =>
        rules.Where(rule => (rule.User is null || rule.User == peer.User) && (rule.Group is not { } group || peer.Groups.Contains(group)));
}
