using System.Buffers;
using System.Collections.Immutable;
using PolicyM2M.Emitters;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads what the configuration says of a service.</summary>
internal static class ServiceReading
{
    private const int LongestName = 64;

    /// <summary>A name becomes that of a file.</summary>
    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public static ManagedService? Service(JsonReading json)
    {
        string name = json.Text("name"), stackName = json.Text("stack"), folder = json.Folder("folder", "/etc/policym2m/broker");
        StackKind? stack = StackKinds.Find(stackName);
        if (stack is null && stackName.Length > 0)
            json.Fault("stack", $"expected one of {string.Join(", ", StackKinds.All.Select(known => known.Name()))}");
        EmitterOptions options = Options(json);
        if (stack is { } kind)
            Try(json, kind, options);
        if (name.Length > LongestName || name.StartsWith('.') || name.AsSpan().ContainsAnyExcept(PlainCharacters))
            json.Fault("name", $"expected at most {LongestName} letters, digits, `.`, `_` and `-`, and no dot in front");
        ServiceCommand? changed = Command(json, "changed"), refused = Command(json, "refused");
        return stack is null || changed is null || refused is null ? null : new ManagedService(name, stack.Value, options, folder, changed, refused);
    }

    private static EmitterOptions Options(JsonReading json)
    {
        string role = json.OptionalText("role") ?? "server", openSsl = json.OptionalText("openssl") ?? "3.0";
        if (role is not ("server" or "client"))
            json.Fault("role", "expected `server` or `client`");
        if (openSsl is not ("3.0" or "3.5"))
            json.Fault("openssl", "expected `3.0` or `3.5`");
        return new EmitterOptions
        {
            Role = role == "client" ? ChannelRole.Client : ChannelRole.Server,
            OpenSsl = openSsl == "3.5" ? OpenSslRelease.V35 : OpenSslRelease.V30,
            Certificate = json.OptionalText("certificate"),
            Key = json.OptionalText("key"),
            Authorities = json.OptionalText("authorities"),
            RevocationLists = json.OptionalText("revocationLists"),
            Peer = json.OptionalText("peer"),
            Port = json.OptionalNumber("port", 1, 65_535) ?? 8_883,
            Address = json.OptionalText("address"),
            KeyProtection = json.OptionalText("keyProtection") ?? "software",
            HeldElsewhere = json.Texts("heldElsewhere"),
        };
    }

    /// <summary>What the emitter lacks is said now, and not when a decision comes.</summary>
    private static void Try(JsonReading json, StackKind stack, EmitterOptions options)
    {
        try
        {
            Emitter.Emit(stack, options, Outcome.Deny(DecisionKind.CipherSuites, "nothing is decided yet"));
        }
        catch (ArgumentException lacking)
        {
            // The parameter is an option by its name in the emitters, and that is its name here but for the first letter.
            string option = lacking.ParamName ?? "stack", what = lacking.Message.Replace($" (Parameter '{option}')", "", StringComparison.Ordinal);
            json.Fault($"{char.ToLowerInvariant(option[0])}{option[1..]}", what.StartsWith($"{option} is", StringComparison.Ordinal) ? $"it{what[option.Length..]}" : what);
        }
    }

    private static ServiceCommand? Command(JsonReading json, string name)
    {
        if (json.Raw(name) is null)
            json.Fault(name, "it is not there");
        return json.Object(name, Command);
    }

    private static ServiceCommand? Command(JsonReading json)
    {
        ImmutableArray<string> command = ProgramReading.Read(json, "command");
        return command.IsEmpty ? null : new ServiceCommand(command[0], command[1..]);
    }
}
