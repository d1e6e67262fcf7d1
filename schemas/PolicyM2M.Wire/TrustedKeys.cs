using System.Collections.Frozen;
using System.Security.Cryptography;
using Google.Protobuf;

namespace PolicyM2M.Wire;

/// <summary>The keys of a decision point that somebody believes, and what they sign. Immutable; safe for all threads.</summary>
public sealed class TrustedKeys
{
    private readonly FrozenDictionary<string, Key> _keys;

    private TrustedKeys(FrozenDictionary<string, Key> keys) => _keys = keys;

    /// <summary>No keys: nothing is believed.</summary>
    public static TrustedKeys None { get; } = new(FrozenDictionary<string, Key>.Empty);

    /// <summary>The ids of the keys.</summary>
    public IEnumerable<string> Ids => _keys.Keys;

    /// <summary>Whether a key is among them.</summary>
    public bool Knows(string keyId) => _keys.ContainsKey(keyId);

    /// <summary>Reads keys as the decision point serves them.</summary>
    /// <exception cref="WireException">One is no key on P-256, is called by another name than its own, or has no times.</exception>
    public static TrustedKeys Of(IEnumerable<V1.SigningKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new TrustedKeys(keys.Select(key => KeyValuePair.Create(key.KeyId, Read(key))).DistinctBy(key => key.Key, StringComparer.Ordinal).ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>The decision that a signed payload holds, which must have a region.</summary>
    /// <exception cref="WireException">
    /// The signature does not hold, by a key that was valid when it was issued and still is when the decision may be used; or the decision does not say what its contract demands.
    /// </exception>
    public ReceivedDecision Decision(V1.SignedPayload signed)
    {
        Key key = Verified(SignedKind.Decision, signed);
        ReceivedDecision decision = WireMapping.FromWire(Parse(V1.Decision.Parser, signed));
        if (decision.Region is null)
            throw new WireException("a signed decision has no region");
        Demand(key, decision.IssuedAt, decision.UsableUntil);
        return decision;
    }

    /// <summary>The statement that a signed payload holds.</summary>
    /// <exception cref="WireException">The signature does not hold, or the statement does not say what its contract demands.</exception>
    public ReceivedStatement Statement(V1.SignedPayload signed)
    {
        Key key = Verified(SignedKind.DeviceStatement, signed);
        ReceivedStatement statement = ReceivedStatement.Of(Parse(V1.DeviceStatement.Parser, signed));
        Demand(key, statement.IssuedAt, statement.ValidUntil);
        return statement;
    }

    /// <summary>The statement about a bundle that a signed payload holds.</summary>
    /// <exception cref="WireException">The signature does not hold, or the statement does not say what its contract demands.</exception>
    public ReceivedBundleStatement BundleStatement(V1.SignedPayload signed)
    {
        Key key = Verified(SignedKind.BundleStatement, signed);
        ReceivedBundleStatement statement = ReceivedBundleStatement.Of(Parse(V1.BundleStatement.Parser, signed));
        Demand(key, statement.IssuedAt, statement.ValidUntil);
        return statement;
    }

    private Key Verified(SignedKind kind, V1.SignedPayload signed)
    {
        ArgumentNullException.ThrowIfNull(signed);
        if (!_keys.TryGetValue(signed.KeyId, out Key? key))
            throw new WireException("it is signed by a key that is not trusted");
        // An instance is not for several threads at once.
        lock (key.Public)
        {
            if (!key.Public.VerifyData(Signing.Signed(kind, signed.Payload.Span), signed.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
                throw new WireException("its signature does not hold");
        }
        return key;
    }

    internal static T Parse<T>(MessageParser<T> parser, V1.SignedPayload signed)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(signed.Payload);
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new WireException($"what is signed is no {typeof(T).Name}: {fault.Message}");
        }
    }

    private static void Demand(Key key, DateTimeOffset from, DateTimeOffset until)
    {
        if (from < key.NotBefore || until > key.NotAfter)
            throw new WireException("it is signed by a key that is not valid for so long");
    }

    private static Key Read(V1.SigningKey key)
    {
        if (key.KeyId != Signing.KeyId(key.PublicKey.Span))
            throw new WireException("a signing key is called by another name than its own");
        var read = ECDsa.Create();
        try
        {
            read.ImportSubjectPublicKeyInfo(key.PublicKey.Span, out int length);
            if (length != key.PublicKey.Length || read.ExportParameters(false).Curve.Oid.Value != Signing.Curve.Oid.Value)
                throw new WireException("a signing key is not on P-256");
        }
        catch (CryptographicException)
        {
            throw new WireException("a signing key is none");
        }
        return new Key(read, WireMapping.Instant(key.NotBefore, "a signing key", "not_before"), WireMapping.Instant(key.NotAfter, "a signing key", "not_after"));
    }

    private sealed record Key(ECDsa Public, DateTimeOffset NotBefore, DateTimeOffset NotAfter);
}
