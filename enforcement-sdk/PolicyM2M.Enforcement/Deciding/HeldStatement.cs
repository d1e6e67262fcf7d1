using System.Security.Cryptography;
using Google.Protobuf;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The statement about a device, as it is held. Immutable, but that it notes when its signature was found to hold.</summary>
/// <param name="Signed">As it came.</param>
/// <param name="Says">What it says.</param>
/// <param name="FreshUntil">Until then it need not be asked for anew, by the device's clock.</param>
/// <param name="ValidUntil">From then on it vouches for nothing, by the device's clock.</param>
/// <param name="IsVerified">Whether the signature was looked at: one that comes from the store is verified when it is first used.</param>
internal sealed record HeldStatement(V1.SignedPayload Signed, ReceivedStatement Says, DateTimeOffset FreshUntil, DateTimeOffset ValidUntil, bool IsVerified)
{
    private bool _isVerified = IsVerified;

    /// <summary>When it is asked for anew, if it is in use.</summary>
    public DateTimeOffset RefreshAt { get; } = RefreshTimes.Before(FreshUntil, Says.FreshUntil - Says.IssuedAt);

    /// <summary>What names it.</summary>
    public ByteString Digest { get; } = ByteString.CopyFrom(SHA256.HashData(Signed.Payload.Span));

    /// <summary>What it says, by name.</summary>
    public Dictionary<string, AttributeValue> Values { get; } = Says.Attributes.Values.ToDictionary(StringComparer.Ordinal);

    /// <summary>One that was verified, as it is held from now on.</summary>
    /// <param name="signed">As it came.</param>
    /// <param name="says">What it says.</param>
    /// <param name="askedAt">When it was asked for, by the device's clock; or, where nobody asked, when it came.</param>
    /// <param name="clock">The device's clock.</param>
    public static HeldStatement Of(V1.SignedPayload signed, ReceivedStatement says, DateTimeOffset askedAt, DeviceClock clock) =>
        new(signed, says, clock.End(says.IssuedAt, says.FreshUntil, askedAt), clock.End(says.IssuedAt, says.ValidUntil, askedAt), IsVerified: true);

    /// <summary>What a statement says that must be about a device.</summary>
    /// <exception cref="WireException">Its signature does not hold, or it is about another one.</exception>
    public static ReceivedStatement Verify(V1.SignedPayload signed, TrustedKeys trusted, string device)
    {
        ReceivedStatement says = trusted.Statement(signed);
        return says.DeviceId == device ? says : throw new WireException($"the statement is about {says.DeviceId} and not about {device}");
    }

    /// <summary>Whether it says the same of the device as another.</summary>
    public bool SaysAs(HeldStatement other) => Values.Count == other.Values.Count && Values.All(value => other.Values.TryGetValue(value.Key, out AttributeValue stated) && stated == value.Value);

    /// <summary>Whether it is older than another: it was issued before that. Of two of one moment the one that was asked for last is right.</summary>
    public bool IsBefore(HeldStatement other, bool isAskedBefore) => Says.IssuedAt < other.Says.IssuedAt || (isAskedBefore && Says.IssuedAt == other.Says.IssuedAt);

    /// <summary>Whether its signature holds under the keys of today.</summary>
    public bool IsBelieved(TrustedKeys keys)
    {
        if (_isVerified)
            return true;
        try
        {
            keys.Statement(Signed);
            return _isVerified = true;
        }
        catch (WireException)
        {
            return false;
        }
    }
}
