using System.Collections.Immutable;
using PolicyM2M.Emitters;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads what the configuration says of a service.</summary>
internal static class ServiceReading
{
    public static ManagedService? Service(JsonReading json)
    {
        string name = json.Text("name"), stackName = json.Text("stack"), folder = json.FullPath("folder");
        StackKind? stack = StackKinds.Find(stackName);
        if (stack is null && stackName.Length > 0)
            json.Fault("stack", $"expected one of {string.Join(", ", StackKinds.All.Select(known => known.Name()))}");
        EmitterOptions options = Options(json);
        if (stack is { } kind)
            Try(json, kind, options);
        ServiceAction? changed = Action(json, "changed"), refused = Action(json, "refused");
        if (stack == StackKind.Mosquitto && changed is ServiceAction.Signal)
            json.Fault("changed", "mosquitto takes no listener anew on a signal, and would go on by the decision before: name a command that restarts it");
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
            json.Fault("stack", lacking.Message);
        }
    }

    private static ServiceAction? Action(JsonReading json, string name)
    {
        if (json.Raw(name) is null)
            json.Fault(name, "it is not there");
        return json.Object(name, Action);
    }

    internal static ServiceAction? Action(JsonReading json)
    {
        ImmutableArray<string> command = json.Texts("command");
        string? signal = json.OptionalText("signal");
        if (command.IsEmpty == signal is null)
        {
            json.Fault("command", "name a command, or a signal and a pidFile");
            return null;
        }
        if (signal is null)
        {
            if (!Path.IsPathFullyQualified(command[0]))
                json.Fault("command", $"expected the absolute path of a program, not `{command[0]}`");
            return new ServiceAction.Command(command[0], command[1..]);
        }
        if (signal is not ("HUP" or "TERM"))
            json.Fault("signal", "expected `HUP` or `TERM`");
        return new ServiceAction.Signal(signal == "HUP" ? PosixSignalNumber.Hup : PosixSignalNumber.Term, json.FullPath("pidFile"));
    }
}
