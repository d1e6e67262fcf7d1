using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using PolicyM2M.Enforcement.Connection;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement;

/// <summary>What a gateway hands on to who asks it, besides decisions.</summary>
public sealed partial class PolicyClient
{
    /// <summary>The identity that a client with these options has: the SPIFFE ID of its certificate.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The certificate or key is malformed, or carries no SPIFFE ID.</exception>
    public static string DeviceIdOf(PolicyClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using X509Certificate2 certificate = MutualTls.Certificate(options);
        return CertificateIdentity.Of(certificate);
    }

    /// <summary>The keys that decisions are believed by: the decision points said over mutual TLS that they are theirs. Empty while none was reached.</summary>
    public ImmutableArray<V1.SigningKey> SigningKeys => [.. _memory.Keys.ByEndpoint.Values.SelectMany(keys => keys).DistinctBy(key => key.KeyId)];

    /// <summary>The attributes that the policies test and a device may say itself, in ordinal order; empty while nobody has told.</summary>
    public ImmutableArray<string> NeededAttributes => _memory.Needed is { } needed ? [.. needed] : [];

    /// <summary>The connection to the decision point that is asked now, for calls that are no decisions. It is another after a failover.</summary>
    public CallInvoker Calls => _endpoints.Current.Calls;

    /// <summary>The bundle that is held, for who hands it on; null where none is, or nobody vouches for it any more.</summary>
    public BundleCopy? CopyBundle() => _local.Held is { } held && _clock.Now < held.ValidUntil ? new BundleCopy(held.Statement.Revision, held.Signed, held.Bytes) : null;
}

/// <summary>A bundle and who vouches for it: worth as much from anybody as from the decision point.</summary>
/// <param name="Revision">The policies that it was compiled from.</param>
/// <param name="Statement">The statement about it, as it was received.</param>
/// <param name="Bytes">The bundle; its SHA-256 is the revision's.</param>
public sealed record BundleCopy(RevisionId Revision, V1.SignedPayload Statement, ReadOnlyMemory<byte> Bytes);
