using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Rollouts;

/// <summary>A revision that is tried beside the active one. Immutable but for what it counts.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Stage">How far it has come.</param>
/// <param name="Since">When it became a candidate.</param>
/// <param name="Differences">What it decides otherwise than the active one.</param>
internal sealed record Candidate(ActiveRevision Revision, RolloutStage Stage, DateTimeOffset Since, Differences Differences)
{
    /// <summary>Buckets of a hundredth of a percent: the remainder of 64 bits spreads devices evenly enough over them.</summary>
    private const ulong Buckets = 10_000;

    /// <summary>
    /// Whether a device is answered from it. The same device gets the same answer as long as the policies stay the same, after a restart and from every replica; who was in
    /// a share is in every larger one. Other policies are tried on other devices, so that no site is always the first.
    /// </summary>
    public bool Answers(string device) => Stage is RolloutStage.Canary { Percent: var percent } && BucketOf(device) < (ulong)percent * (Buckets / 100);

    private ulong BucketOf(string device)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{Revision.Bundle.Hash} {device}"), hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash) % Buckets;
    }
}
