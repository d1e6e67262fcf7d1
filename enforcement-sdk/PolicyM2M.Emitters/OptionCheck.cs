using System.Buffers;
using PolicyM2M.Emitters.Planning;
using PolicyM2M.Engine.Lattice;

namespace PolicyM2M.Emitters;

/// <summary>What options must have before anything of them is written into a file.</summary>
internal static class OptionCheck
{
    private static readonly SearchValues<char> Harmless = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@");

    /// <summary>Throws where one is missing for the role, out of its range, or holds what a format could take for more than a name.</summary>
    /// <exception cref="ArgumentException">It is so; the parameter that it names is the option.</exception>
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
            throw Unfit($"there is no port {options.Port}", nameof(options.Port));
        if (options.LwM2mInstance is < 0 or > 65_534)
            throw Unfit($"there is no object instance {options.LwM2mInstance}", nameof(options.LwM2mInstance));
        if (Field.KeyProtection.Shape is FieldShape.Ladder ladder && ladder.Find(options.KeyProtection) is null)
            throw Unfit($"a key is kept in one of {string.Join(", ", ladder.Ranks)}", nameof(options.KeyProtection));
        if (options.HeldElsewhere.Any(name => !AuthDemands.MayBeElsewhere.Any(field => field.Name == name)))
            throw Unfit($"of an auth decision, something else may hold {string.Join(", ", AuthDemands.MayBeElsewhere.Select(field => field.Name))}", nameof(options.HeldElsewhere));
        if ((options.Certificate is null) != (options.Key is null))
            throw Unfit("a certificate and its key go together: give both or neither", options.Key is null ? nameof(options.Key) : nameof(options.Certificate));
        if (stack == StackKind.LwM2m && options.Role == ChannelRole.Server)
            throw Unfit("the LwM2M Security object configures a client", nameof(options.Role));
        // Their credentials are data of the program and not files.
        if (stack is StackKind.MbedTls or StackKind.LwM2m)
            return;
        if (options.Role == ChannelRole.Server && options.Certificate is null)
            throw Unfit("a server needs a certificate and its key", nameof(options.Certificate));
        if (options.Role == ChannelRole.Client && options.Authorities is null)
            throw Unfit("a client needs the authorities by which it judges the server's certificate", nameof(options.Authorities));
        if (options.Role == ChannelRole.Client && stack != StackKind.OpenSsl && options.Peer is null)
            throw Unfit("a client of this stack needs the name of its peer", nameof(options.Peer));
    }

    private static void Check(string? value, string name)
    {
        if (value is null)
            return;
        if (value.Length == 0 || value.Length > 1_024 || value[0] == '-' || value.AsSpan().ContainsAnyExcept(Harmless))
            throw Unfit($"{name} is no plain name or path: letters, digits and / . _ - + @ are taken, and no hyphen at its beginning", name);
    }

    /// <param name="message">What is wrong.</param>
    /// <param name="option">With which of the options.</param>
    private static ArgumentException Unfit(string message, string option) => new(message, option);
}
