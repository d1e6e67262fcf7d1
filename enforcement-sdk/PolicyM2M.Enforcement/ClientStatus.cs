using System.Collections.Immutable;
using PolicyM2M.Wire;

namespace PolicyM2M.Enforcement;

/// <summary>How a client stands.</summary>
/// <param name="IsConnected">Whether the last that was heard of a decision point was an answer.</param>
/// <param name="State">Where the last answers about this device came from, the worst of them; null while there were none.</param>
/// <param name="Revision">The policies that are served to this device; null while nobody has told.</param>
/// <param name="Endpoints">The decision points, in order of preference.</param>
/// <param name="Cached">How many decisions are kept.</param>
/// <param name="CachedBytes">How many bytes their payloads have.</param>
/// <param name="OldestFreshUntil">When the first of them stops being fresh, by the device's clock; null where none is kept.</param>
/// <param name="Bundle">The bundle that decisions can be made from; null where none is held.</param>
/// <param name="StoreWrites">How many times the store was written since the client began.</param>
public sealed record ClientStatus(
    bool IsConnected, DecisionSource? State, RevisionId? Revision, ImmutableArray<EndpointStatus> Endpoints, int Cached, long CachedBytes, DateTimeOffset? OldestFreshUntil, BundleStatus? Bundle, long StoreWrites)
{
    /// <summary>When the first ends of the certificate in use and of the authorities above it in its file.</summary>
    public DateTimeOffset CertificateUntil { get; init; }
}

/// <summary>How a decision point stands.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="IsCurrent">Whether it is the one that is asked.</param>
/// <param name="IsUp">Whether it answered when it was last tried; null while it was not.</param>
public sealed record EndpointStatus(Uri Address, bool IsCurrent, bool? IsUp);

/// <summary>The bundle that is held.</summary>
/// <param name="Revision">The policies that it was compiled from.</param>
/// <param name="ValidUntil">Until then decisions may be made from it, by the device's clock.</param>
public sealed record BundleStatus(RevisionId Revision, DateTimeOffset ValidUntil);
