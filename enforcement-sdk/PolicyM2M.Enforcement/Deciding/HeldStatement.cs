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
