using System.Text;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>
/// What a decision point takes of one claim (<see cref="RequestLimits"/>). It refuses a whole question for one value that is longer, so such a value counts as what no attribute can be, here as there: it is missing,
/// and spoils no other.
/// </summary>
internal static class ClaimBounds
{
    /// <summary>Of a value that cannot be used, as much as a message needs.</summary>
    private const int Shown = 40;

    /// <summary>The claims within these bounds; the same where all are.</summary>
    public static DeviceContext Of(DeviceContext claims)
    {
        DeviceContext bounded = claims;
        foreach ((string name, AttributeValue value) in claims.Values)
        {
            if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > RequestLimits.MaximumNameBytes)
                bounded = bounded.Where(other => other != name);
            else if (value.Kind == AttributeValueKind.Text && Encoding.UTF8.GetByteCount(value.Text) is > RequestLimits.MaximumTextBytes and var length)
                bounded = bounded.With(name, AttributeValue.Other($"\"{string.Concat(value.Text.EnumerateRunes().Take(Shown))}…\" of {length} bytes, where {RequestLimits.MaximumTextBytes} are the most"));
        }
        return bounded;
    }
}
