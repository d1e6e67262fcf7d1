using System.CommandLine;
using PolicyM2M.Emitters;

namespace PolicyM2M.Cli;

internal static partial class CommandLine
{
    private static Command Emit(Streams streams)
    {
        Argument<string> folder = FolderOrBundle();
        Option<string> context = new("--context") { HelpName = "FILE", Required = true, Description = "A file with one context, a JSON object; - is standard input." };
        Option<string> stack = Choice("--stack", "What takes the configuration.", [.. StackKinds.All.Select(known => known.Name())]);
        stack.Required = true;
        Option<string> role = Choice("--role", "Which end is configured: server unless given; lwm2m is always a client.", "server", "client");
        Option<string> transport = Choice("--transport", "What carries the channel: tls unless given.", "tls", "dtls");
        Option<string> openssl = Choice("--openssl", "The release of OpenSSL that the stack stands on: 3.0 unless given.", "3.0", "3.5");
        Option<string?> certificate = Path("--certificate", "This end's certificate chain, PEM, as the configuration is to name it.");
        Option<string?> key = Path("--key", "The private key that belongs to it.");
        Option<string?> authorities = Path("--ca", "The authorities by which the other end is judged.");
        Option<string?> lists = Path("--crl", "Their revocation lists.");
        Option<string> protection = Choice("--key-protection", "Where the private key lives: software unless given. The stack cannot tell: your word counts.",
            "software", "os-keystore", "tee", "secure-element", "hsm");
        Option<string[]> elsewhere = new("--held-elsewhere") { HelpName = "FIELD", Description = "A field of the auth decision that something else than the stack holds, such as attestation; may be repeated." };
        Option<string?> peer = new("--peer") { HelpName = "NAME", Description = "The name of the other end, for a client." };
        Option<string?> address = new("--address") { HelpName = "ADDRESS", Description = "The address on which a mosquitto listener listens; all of the machine unless given." };
        Option<int?> port = WholeNumber.Option("--port", "The port of a mosquitto listener or bridge, 8883 unless given.", 1, 65_535);
        Option<string?> target = new("--out") { HelpName = "FOLDER", Description = "Write the files into this folder, which must be there; otherwise they are printed." };
        Option<DateTimeOffset?> now = Now();
        Option<bool> json = new("--json") { Description = "Write JSON: one object with the files, the fidelity, the losses and what was removed." };
        var emit = new Command("emit", "Turns the decision for a device into the configuration of a TLS stack, and says what of it the stack cannot do.")
        {
            folder, context, stack, role, transport, openssl, certificate, key, authorities, lists, protection, elsewhere, peer, address, port, target, now, json,
        };
        emit.SetAction(parsed =>
        {
            StackKind kind = StackKinds.Find(parsed.GetRequiredValue(stack))!.Value;
            var options = new EmitterOptions
            {
                Role = parsed.GetValue(role) == "client" || (kind == StackKind.LwM2m && parsed.GetValue(role) is null) ? ChannelRole.Client : ChannelRole.Server,
                Transport = parsed.GetValue(transport) == "dtls" ? ChannelTransport.Dtls : ChannelTransport.Tls,
                OpenSsl = parsed.GetValue(openssl) == "3.5" ? OpenSslRelease.V35 : OpenSslRelease.V30,
                Certificate = parsed.GetValue(certificate),
                Key = parsed.GetValue(key),
                Authorities = parsed.GetValue(authorities),
                RevocationLists = parsed.GetValue(lists),
                KeyProtection = parsed.GetValue(protection) ?? "software",
                HeldElsewhere = [.. parsed.GetValue(elsewhere) ?? []],
                Peer = parsed.GetValue(peer),
                Address = parsed.GetValue(address),
                Port = parsed.GetValue(port) ?? 8883,
            };
            return EmitCommand.Run(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(context), kind, options, Moment(parsed.GetValue(now)), parsed.GetValue(target), parsed.GetValue(json), streams);
        });
        return HelpWithExamples.On(emit, """
            Examples:
              m2m emit policies --context plc.json --stack nginx --certificate server.pem --key server-key.pem --ca ca.pem
              m2m emit policies --context plc.json --stack mosquitto --role client --peer broker.example --ca ca.pem --out conf
              m2m emit policies --context sensor.json --stack lwm2m --json | jq -r '.files[0].text'

            Both the cipher-suites and the auth decision are taken. A denial gives a configuration that lets nobody through, and
            exits with 2; so does a decision that the stack cannot hold.
            """ + "\n\n" + ExitCodes);
    }

    private static Option<string> Choice(string name, string description, params string[] values) =>
        new Option<string>(name) { HelpName = string.Join('|', values), Description = description }.Takes(values);

    private static Option<string?> Path(string name, string description) => new(name) { HelpName = "PATH", Description = description };
}
