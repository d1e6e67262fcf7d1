using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Local;

/// <summary>What the gateway says of itself: what its configuration says, and what its certificate shows, where the configuration says nothing of that.</summary>
internal static class OwnClaims
{
    /// <summary>Policies count credentials in days. A finer age would be another question to the decision point each time.</summary>
    private const long Hour = 3_600;

    /// <param name="configured">What the configuration says.</param>
    /// <param name="issuedAt">When the certificate in use was issued.</param>
    /// <param name="now">The time.</param>
    public static DeviceContext Of(DeviceContext configured, DateTimeOffset issuedAt, DateTimeOffset now)
    {
        long age = (long)(now - issuedAt).TotalSeconds;
        DeviceContext claims = With(configured, "credential.issued-at", InstantText.Format(issuedAt.ToUnixTimeSeconds()));
        // Rounded up: an age must never be less than it is. A certificate of the future has none.
        return age < 0 ? claims : With(claims, "credential.age", DurationText.Format((age + Hour - 1) / Hour * Hour));
    }

    private static DeviceContext With(DeviceContext claims, string name, string value) => claims.Values.ContainsKey(name) ? claims : claims.With(name, AttributeValue.Of(value));
}
