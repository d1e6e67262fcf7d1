using System.Collections.Immutable;
using PolicyM2M.Emitters.Names;

namespace PolicyM2M.Emitters.Planning;

/// <summary>What a stack will be told of sessions.</summary>
/// <param name="Off">That none is resumed.</param>
/// <param name="Seconds">How long one may last, all resumptions included; null where nothing limits it.</param>
internal sealed record SessionPlan(bool Off, long? Seconds);

/// <summary>A decision in the words of one stack, its lists split by version. Never looser than the decision.</summary>
/// <param name="Tls12">Whether (D)TLS 1.2 is used.</param>
/// <param name="Tls13">Whether (D)TLS 1.3 is used.</param>
/// <param name="Suites12">The suites of (D)TLS 1.2; not empty where it is used.</param>
/// <param name="Suites13">The suites of (D)TLS 1.3; not empty where it is used.</param>
/// <param name="Groups">The groups of the versions that are used; null where the decision leaves them open.</param>
/// <param name="Signatures">The schemes of the versions that are used; null where the decision leaves them open.</param>
/// <param name="Sessions">What becomes of sessions.</param>
/// <param name="Mutual">Whether the client must show a certificate.</param>
/// <param name="SpiffeOnly">Whether that certificate must be a SPIFFE ID.</param>
/// <param name="LongestConnection">After how many seconds the service is started anew, so that its connections end; null where nothing demands it.</param>
internal sealed record ChannelPlan(
    bool Tls12,
    bool Tls13,
    ImmutableArray<StackName> Suites12,
    ImmutableArray<StackName> Suites13,
    ImmutableArray<StackName>? Groups,
    ImmutableArray<StackName>? Signatures,
    SessionPlan Sessions,
    bool Mutual,
    bool SpiffeOnly,
    long? LongestConnection);
