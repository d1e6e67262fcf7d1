using System.Collections.Immutable;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Lattice;

/// <summary>
/// One field of an outcome. This table is the whole lattice: the language, the bundle, the wire and the printed answers all read it.
/// </summary>
/// <param name="Name">The field's name in policies and in JSON.</param>
/// <param name="Kind">The kind of decision it belongs to; null for the fields of all kinds.</param>
/// <param name="Shape">What it holds, and which way is stricter.</param>
/// <param name="MustBeStated">Whether an outcome in which nobody states it is a deny: nothing may be granted by omission.</param>
/// <param name="WhenUnstated">The value that holds where nobody states it; null where it is then not constrained.</param>
public sealed record Field(string Name, DecisionKind? Kind, FieldShape Shape, bool MustBeStated = false, FieldValue? WhenUnstated = null)
{
    private static readonly FieldShape Duration = new FieldShape.ShortestDuration();
    private static readonly FieldShape Requirement = new FieldShape.Ladder(["optional", "required"]);
    private static readonly FieldShape Permission = new FieldShape.Ladder(["permitted", "forbidden"]);

    /// <summary>Protocol versions. RFC 8996 and RFC 9325 leave only 1.2 and 1.3 of TLS and DTLS.</summary>
    public static Field Versions { get; } = new("versions", DecisionKind.CipherSuites,
        FieldShape.Names("protocol version", "TLS1.2", "TLS1.3", "DTLS1.2", "DTLS1.3"), MustBeStated: true);

    /// <summary>Cipher suites, by IANA name.</summary>
    public static Field Suites { get; } = new("suites", DecisionKind.CipherSuites,
        FieldShape.Names("cipher suite", TlsRegistry.CipherSuites.Values.Select(s => KeyValuePair.Create(s.Name, s.CodePoint))), MustBeStated: true);

    /// <summary>Key-exchange groups, by IANA name.</summary>
    public static Field Groups { get; } = new("groups", DecisionKind.CipherSuites,
        FieldShape.Names("group", TlsRegistry.Groups.Values.Select(g => KeyValuePair.Create(g.Name, g.CodePoint))));

    /// <summary>Signature schemes, by IANA name.</summary>
    public static Field Signatures { get; } = new("signatures", DecisionKind.CipherSuites,
        FieldShape.Names("signature scheme", TlsRegistry.SignatureSchemes.Values.Select(s => KeyValuePair.Create(s.Name, s.CodePoint))));

    /// <summary>Whether a session may be resumed.</summary>
    public static Field Resumption { get; } = new("resumption", DecisionKind.CipherSuites, Permission);

    /// <summary>Whether TLS 1.3 early data (0-RTT) may be sent; forbidden unless stated.</summary>
    public static Field EarlyData { get; } = new("early-data", DecisionKind.CipherSuites, Permission, WhenUnstated: new FieldValue.Level(1, "forbidden"));

    /// <summary>How long a session, resumptions included, may last.</summary>
    public static Field SessionLifetime { get; } = new("session-lifetime", DecisionKind.CipherSuites, Duration);

    /// <summary>Whether both ends must authenticate.</summary>
    public static Field Mutual { get; } = new("mutual", DecisionKind.Auth, Requirement);

    /// <summary>The ways in which the device may authenticate.</summary>
    public static Field Methods { get; } = new("methods", DecisionKind.Auth,
        FieldShape.Names("authentication method", "x509", "spiffe-x509", "raw-public-key", "psk", "oauth-mtls", "oauth-dpop"), MustBeStated: true);

    /// <summary>The algorithms that the credential's key may have.</summary>
    public static Field KeyAlgorithms { get; } = new("key-algorithms", DecisionKind.Auth,
        FieldShape.Names("key algorithm", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ed448",
            "rsa-2048", "rsa-3072", "rsa-4096", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"));

    /// <summary>Where the private key must live, at the least. A TPM counts as a secure element.</summary>
    public static Field KeyProtection { get; } = new("key-protection", DecisionKind.Auth,
        new FieldShape.Ladder(["software", "os-keystore", "tee", "secure-element", "hsm"]));

    /// <summary>Attestation is required, and its evidence may be no older than this.</summary>
    public static Field Attestation { get; } = new("attestation", DecisionKind.Auth, Duration);

    /// <summary>How the peer's revocation status is treated: not checked, checked where it can be had, or demanded.</summary>
    public static Field Revocation { get; } = new("revocation", DecisionKind.Auth, new FieldShape.Ladder(["off", "soft", "hard"]));

    /// <summary>How old a revocation status may be.</summary>
    public static Field RevocationWithin { get; } = new("revocation-within", DecisionKind.Auth, Duration);

    /// <summary>After how long a live connection must authenticate again.</summary>
    public static Field Reauthenticate { get; } = new("reauthenticate", DecisionKind.Auth, Duration);

    /// <summary>Labels of what the device may do once authenticated; none unless stated.</summary>
    public static Field Capabilities { get; } = new("capabilities", DecisionKind.Auth, new FieldShape.NameList("capability", null, MayBeEmpty: true), WhenUnstated: new FieldValue.Names([]));

    /// <summary>How long a credential may be valid.</summary>
    public static Field Lifetime { get; } = new("lifetime", DecisionKind.Rotation, Duration);

    /// <summary>How long a key may be used, however often its certificate is renewed.</summary>
    public static Field KeyLifetime { get; } = new("key-lifetime", DecisionKind.Rotation, Duration);

    /// <summary>How long the old credential stays valid beside its successor.</summary>
    public static Field Overlap { get; } = new("overlap", DecisionKind.Rotation, Duration);

    /// <summary>How long a credential may be used past its lifetime or key-lifetime while the issuer cannot be reached; never past its validity, which no peer would accept.</summary>
    public static Field OfflineGrace { get; } = new("offline-grace", DecisionKind.Rotation, Duration);

    /// <summary>The share of the issued validity after which to renew; the earlier is stricter.</summary>
    public static Field RenewAt { get; } = new("renew-at", DecisionKind.Rotation, new FieldShape.Share(LargerIsStricter: false));

    /// <summary>The share of the remaining window over which a fleet spreads its renewals; it only ever makes one earlier, so the wider is stricter.</summary>
    public static Field Spread { get; } = new("spread", DecisionKind.Rotation, new FieldShape.Share(LargerIsStricter: true));

    /// <summary>Whether a renewal must make a new key.</summary>
    public static Field Rekey { get; } = new("rekey", DecisionKind.Rotation, Requirement);

    /// <summary>Whether the credential must be replaced at once.</summary>
    public static Field RotateNow { get; } = new("rotate-now", DecisionKind.Rotation, new FieldShape.Ladder(["false", "true"]), WhenUnstated: new FieldValue.Level(0, "false"));

    /// <summary>How long the decision counts as fresh; not at all unless stated.</summary>
    public static Field FreshFor { get; } = new("fresh-for", null, Duration, WhenUnstated: new FieldValue.Duration(0));

    /// <summary>How long the decision may be used while the decision point cannot be reached; not at all unless stated.</summary>
    public static Field UsableFor { get; } = new("usable-for", null, Duration, WhenUnstated: new FieldValue.Duration(0));

    private static readonly ImmutableArray<ImmutableArray<Field>> ByKind = Placed(
        [Versions, Suites, Groups, Signatures, Resumption, EarlyData, SessionLifetime, FreshFor, UsableFor],
        [Mutual, Methods, KeyAlgorithms, KeyProtection, Attestation, Revocation, RevocationWithin, Reauthenticate, Capabilities, FreshFor, UsableFor],
        [Lifetime, KeyLifetime, Overlap, OfflineGrace, RenewAt, Spread, Rekey, RotateNow, FreshFor, UsableFor]);

    private int _place = -1;
    private int _placeFromEnd;

    /// <summary>Each field is there once, so that it is only ever itself: they are looked up on the way to every answer.</summary>
    public bool Equals(Field? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The fields of a kind of decision, in the order in which answers list them.</summary>
    public static ImmutableArray<Field> Of(DecisionKind kind) => ByKind[(int)kind];

    /// <summary>Its place in <see cref="Of"/>; -1 where it belongs to another kind.</summary>
    internal int PlaceIn(DecisionKind kind) => Kind == kind ? _place : Kind is null && _placeFromEnd > 0 ? Of(kind).Length - _placeFromEnd : -1;

    /// <summary>The field of that kind and name; null where there is none.</summary>
    public static Field? Find(DecisionKind kind, string name) => Of(kind).FirstOrDefault(field => field.Name == name);

    /// <summary>Tells each field where it stands: those of one kind from the front, those of all kinds from the end.</summary>
    private static ImmutableArray<ImmutableArray<Field>> Placed(params ImmutableArray<ImmutableArray<Field>> byKind)
    {
        foreach (ImmutableArray<Field> fields in byKind)
        {
            for (int place = 0; place < fields.Length; place++)
                (fields[place]._place, fields[place]._placeFromEnd) = (place, fields.Length - place);
        }
        return byKind;
    }
}
