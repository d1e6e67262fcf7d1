using System.Collections.Immutable;
using PolicyM2M.Engine.Contexts;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>
/// What the decision point did not use of a device's context, and what it lacked. Values that are not sent any more because no policy tests them
/// stay ignored for the reason they were: a misspelt name is news until it is mended. Safe for all threads: one lock guards it.
/// </summary>
/// <param name="device">The device's id.</param>
internal sealed class ContextReading(string device)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, string> _ignored = new(StringComparer.Ordinal);
    private bool _isRegistryAway;
    private string _told = "";

    /// <summary>An answer came: what was sent is judged anew.</summary>
    public void Heard(DeviceContext context, DeviceContext sent, V1.DecideResponse answer)
    {
        lock (_lock)
        {
            _isRegistryAway = answer.RegistryUnavailable;
            foreach (string name in _ignored.Keys.Where(name => sent.Values.ContainsKey(name) || !context.Values.ContainsKey(name)).ToArray())
                _ignored.Remove(name);
            foreach (V1.IgnoredAttribute value in answer.Ignored.Where(value => context.Values.ContainsKey(value.Name)))
                _ignored[value.Name] = value.Reason == V1.IgnoredReason.Unknown ? Joined("no policy knows this attribute", value.Detail) : value.Detail;
            // Whether or not a policy tests it, and whether or not that was known when it was asked: it is never right.
            foreach ((string name, AttributeValue value) in context.Values.Where(value => value.Value.Kind == AttributeValueKind.Other))
                _ignored[name] = $"no attribute can be {value}; a value is true or false, a whole number of 64 bits, a string, or an array of strings";
        }
    }

    /// <summary>What there is to tell; null where that was told.</summary>
    public ClientEvent.ContextRead? News(DeviceContext context, ImmutableSortedSet<string> needed)
    {
        lock (_lock)
        {
            ImmutableArray<IgnoredValue> ignored = [.. _ignored.Select(value => new IgnoredValue(value.Key, value.Value))];
            ImmutableArray<string> missing = [.. needed.Where(name => !context.Values.ContainsKey(name))];
            string read = (_isRegistryAway ? "without the registry\n" : "") + string.Join('\n', ignored.Select(value => $"{value.Name}\t{value.Reason}").Concat(missing));
            if (read == _told)
                return null;
            _told = read;
            return new ClientEvent.ContextRead(device, ignored, missing) { IsRegistryAway = _isRegistryAway };
        }
    }

    private static string Joined(string what, string detail) => detail.Length == 0 ? what : $"{what}: {detail}";
}
