using System.Buffers;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Emitters;

/// <summary>What options must have before anything of them is written into a file.</summary>
internal static class OptionCheck
{
    private static readonly SearchValues<char> Harmless = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@");

    /// <summary>Throws where one is missing for the role, out of its range, or holds what a format could take for more than a name.</summary>
    /// <exception cref="ArgumentException">It is so.</exception>
    public static void Throw(StackKind stack, EmitterOptions options)
    {
        Check(options.Certificate, nameof(options.Certificate));
        Check(options.Key, nameof(options.Key));
        Check(options.Authorities, nameof(options.Authorities));
        Check(options.RevocationLists, nameof(options.RevocationLists));
        Check(options.Peer, nameof(options.Peer));
        // An address of IPv6 has colons.
        Check(options.Address?.Replace(':', '.'), nameof(options.Address));
        if (options.Port is < 1 or > 65_535)
            throw new ArgumentException($"there is no port {options.Port}", nameof(options));
        if (options.LwM2mInstance is < 0 or > 65_534)
            throw new ArgumentException($"there is no object instance {options.LwM2mInstance}", nameof(options));
        if (Field.KeyProtection.Shape is FieldShape.Ladder ladder && ladder.Find(options.KeyProtection) is null)
            throw new ArgumentException($"a key is kept in one of {string.Join(", ", ladder.Ranks)}", nameof(options));
        if (options.HeldElsewhere.Any(name => !AuthDemands.MayBeElsewhere.Any(field => field.Name == name)))
            throw new ArgumentException($"of an auth decision, something else may hold {string.Join(", ", AuthDemands.MayBeElsewhere.Select(field => field.Name))}", nameof(options));
        if ((options.Certificate is null) != (options.Key is null))
            throw new ArgumentException("a certificate and its key go together: give both or neither", nameof(options));
        if (stack == StackKind.LwM2m && options.Role == ChannelRole.Server)
            throw new ArgumentException("the LwM2M Security object configures a client", nameof(options));
        // Their credentials are data of the program and not files.
        if (stack is StackKind.MbedTls or StackKind.LwM2m)
            return;
        if (options.Role == ChannelRole.Server && options.Certificate is null)
            throw new ArgumentException("a server needs a certificate and its key", nameof(options));
        if (options.Role == ChannelRole.Client && options.Authorities is null)
            throw new ArgumentException("a client needs the authorities by which it judges the server's certificate", nameof(options));
        if (options.Role == ChannelRole.Client && stack != StackKind.OpenSsl && options.Peer is null)
            throw new ArgumentException("a client of this stack needs the name of its peer", nameof(options));
    }

    private static void Check(string? value, string name)
    {
        if (value is null)
            return;
        if (value.Length == 0 || value.Length > 1_024 || value[0] == '-' || value.AsSpan().ContainsAnyExcept(Harmless))
            throw new ArgumentException($"{name} is no plain name or path: letters, digits and / . _ - + @ are taken, and no hyphen at its beginning", name);
    }
}
