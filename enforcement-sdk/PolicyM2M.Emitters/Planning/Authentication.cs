using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Emitters.Planning;

/// <summary>How both ends authenticate: what is emitted knows X.509 certificates and no other way.</summary>
internal static class Authentication
{
    /// <summary>Whether the client must show a certificate, and whether that must be a SPIFFE ID.</summary>
    public static (bool Mutual, bool SpiffeOnly) Plan(Outcome? auth, EmitterOptions options, StackAbility ability, ImmutableArray<Loss>.Builder losses)
    {
        if (auth is null)
            return (false, false);
        bool mutual = auth[Field.Mutual] is FieldValue.Level { Rank: > 0 };
        ImmutableArray<string> methods = auth[Field.Methods] is FieldValue.Names names ? names.Items : [];
        bool x509 = methods.Contains("x509"), spiffe = methods.Contains("spiffe-x509");
        if (!x509 && !spiffe)
            Miss(Field.Methods, $"{string.Join(", ", methods)}: what is emitted authenticates by X.509 certificates");
        // A client holds a server to its name, and no stack to that and a SPIFFE ID.
        bool spiffeOnly = spiffe && !x509 && (mutual || options.Role == ChannelRole.Client);
        if (spiffeOnly && !(ability.ChecksSpiffe && options.Role == ChannelRole.Server))
            Miss(Field.Methods, $"{ability.Stack} cannot tell a SPIFFE ID from another certificate of the same authority");
        if (!mutual || !ability.NamesFiles)
            return (mutual, spiffeOnly);
        if (options.Role == ChannelRole.Server && options.Authorities is null)
            Miss(Field.Mutual, "it is required, and no file of authorities is given by which a client's certificate could be judged");
        if (options.Role == ChannelRole.Client && (options.Certificate is null || options.Key is null))
            Miss(Field.Mutual, "it is required, and no certificate with its key is given for the client to show");
        return (true, spiffeOnly);

        void Miss(Field field, string what) => losses.Add(new Loss(field.Name, LossKind.Unenforceable, what));
    }
}
