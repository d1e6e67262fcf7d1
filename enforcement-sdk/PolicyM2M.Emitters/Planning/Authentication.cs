using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Emitters.Planning;

/// <summary>What of an auth decision a TLS stack takes: whether the client must show a certificate. What is emitted knows no other way to authenticate.</summary>
internal static class Authentication
{
    /// <summary>Whether the client must show a certificate, and whether that must be a SPIFFE ID.</summary>
    public static (bool Mutual, bool SpiffeOnly) Plan(Outcome? auth, EmitterOptions options, StackAbility ability, ImmutableArray<Loss>.Builder losses)
    {
        if (auth?[Field.Mutual] is not FieldValue.Level { Rank: > 0 })
            return (false, false);
        ImmutableArray<string> methods = auth[Field.Methods] is FieldValue.Names names ? names.Items : [];
        bool x509 = methods.Contains("x509"), spiffe = methods.Contains("spiffe-x509");
        if (!x509 && !spiffe)
            Miss(Field.Methods, $"{string.Join(", ", methods)}: what is emitted authenticates by X.509 certificates");
        bool spiffeOnly = spiffe && !x509 && options.Role == ChannelRole.Server;
        if (spiffeOnly && !ability.ChecksSpiffe)
            Miss(Field.Methods, $"{ability.Stack} cannot tell a SPIFFE ID from another certificate of the same authority");
        if (!ability.NamesFiles)
            return (true, spiffeOnly);
        if (options.Role == ChannelRole.Server && options.Authorities is null)
            Miss(Field.Mutual, "it is required, and no file of authorities is given by which a client's certificate could be judged");
        if (options.Role == ChannelRole.Client && (options.Certificate is null || options.Key is null))
            Miss(Field.Mutual, "it is required, and no certificate with its key is given for the client to show");
        return (true, spiffeOnly);

        void Miss(Field field, string what) => losses.Add(new Loss(field.Name, LossKind.Unenforceable, what));
    }
}
