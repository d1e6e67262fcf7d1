using System.Text;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Emitters;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Configuration;

internal sealed class ConfigurationFileTests
{
    private const string Pdp = "\"pdp\": [\"https://pdp.example:8443\"], ", State = "\"state\": \"/var/lib/a\", ", Socket = "\"socket\": { \"path\": \"/run/a.sock\" }, ";

    private const string Credential = """
        "certificate": "/etc/g.pem", "key": "/etc/g-key.pem", "trust": "/etc/ca.pem"
        """;

    private const string Least = Pdp + State + Socket + Credential;

    private const string Service = """
        "stack": "nginx", "certificate": "/c", "key": "/k", "authorities": "/a", "changed": { "command": ["/r"] }, "refused": { "command": ["/r"] }
        """;

    [Test]
    public void What_must_be_there_is_enough()
    {
        AgentConfiguration read = Read($"{{ {Least} }}");
        Assert.That((read.Pdp.Single(), read.State, read.Socket.Path), Is.EqualTo((new Uri("https://pdp.example:8443"), "/var/lib/a", "/run/a.sock")));
        Assert.That(read.Socket.Mode, Is.EqualTo((UnixFileMode)0b110_110_000), "not for everybody");
        Assert.That((read.Callers.Length, read.Services.Length, read.Claims.Values.Count), Is.EqualTo((0, 0, 0)), "nobody may ask whom the configuration does not name");
    }

    [Test]
    public void Comments_a_last_comma_and_everything_that_may_be_there_are_read()
    {
        AgentConfiguration read = Read($$"""
            {
              {{Least}},
              // who asks
              "callers": [ { "user": 0, "devices": ["self", "plc-1"] }, { "group": 12, "devices": ["*"] }, ],
              "claims": { "device": { "type": "gateway", }, /* by hand */ "posture.risk": 7, "location.labels": ["a"], }, "interval": 5,
              "sources": [ { "os": true }, { "file": "/etc/facts.json" }, { "command": ["/usr/libexec/attest", "--json"], "seconds": 3 } ],
              "services": [ {
                "name": "broker", "stack": "mosquitto", "folder": "/etc/mosquitto/policym2m.d", "port": 8884, "certificate": "/c.pem", "key": "/k.pem", "authorities": "/a.pem",
                "changed": { "command": ["/usr/bin/systemctl", "restart", "mosquitto"] }, "refused": { "command": ["/usr/bin/systemctl", "stop", "mosquitto"] },
                "keyProtection": "secure-element", "heldElsewhere": ["attestation"]
              } ],
            }
            """);
        Assert.That(read.Callers[0], Is.EqualTo(new CallerRule(0, null, IsSelf: true, IsAll: false, read.Callers[0].Devices)));
        Assert.That(read.Callers[0].Devices, Is.EqualTo(new[] { "plc-1" }));
        Assert.That((read.Callers[1].User, read.Callers[1].Group, read.Callers[1].IsAll), Is.EqualTo(((uint?)null, (uint?)12, true)));
        Assert.That(read.Claims.Values.Select(claim => $"{claim.Key} {claim.Value}"), Is.EqualTo(new[] { "device.type \"gateway\"", "location.labels [\"a\"]", "posture.risk 7" }));
        Assert.That(read.Interval, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(read.Sources[..2], Is.EqualTo(new ClaimSource[] { new ClaimSource.Os(), new ClaimSource.JsonFile("/etc/facts.json") }));
        var program = (ClaimSource.Command)read.Sources[2];
        Assert.That((program.Program, program.Arguments.Single(), program.Limit), Is.EqualTo(("/usr/libexec/attest", "--json", TimeSpan.FromSeconds(3))));
        Assert.That((read.Services[0].Stack, read.Services[0].Options.Port), Is.EqualTo((StackKind.Mosquitto, 8884)));
        Assert.That((read.Services[0].Changed.Program, read.Services[0].Refused.Arguments[0]), Is.EqualTo(("/usr/bin/systemctl", "stop")));
        Assert.That((read.Services[0].Options.KeyProtection, read.Services[0].Options.HeldElsewhere.Single()), Is.EqualTo(("secure-element", "attestation")));
    }

    [TestCase("[]", "expected an object")]
    [TestCase("{}", "pdp: name the decision points, the preferred first", "certificate: it is not there", "key: it is not there", "trust: it is not there", "state: it is not there", "socket: it is not there")]
    [TestCase("""{ LEAST, "pdq": 1 }""", "pdq: nobody knows this name; here are")]
    [TestCase("""{ LEAST, "pdp": ["http://pdp.example"] }""", "pdp: takes an address such as https://")]
    [TestCase("""{ LEAST, "state": "var" }""", "state: expected an absolute path, not `var`")]
    [TestCase("""{ LEAST, "interval": 0 }""", "interval: expected a whole number from 1 to 86400")]
    [TestCase("""{ LEAST, "claims": [] }""", "claims: expected an object, such as")]
    [TestCase("""{ LEAST, "socket": "x" }""", "socket: expected an object")]
    [TestCase("""{ LEAST, "socket": { "path": "/r", "mode": "99" } }""", "socket.mode: expected octal digits, such as 660")]
    [TestCase("""{ LEAST, "socket": { "path": "/r", "mode": "000" } }""", "socket.mode: 000 keeps the agent's own user out, to whom `status` and `doctor` speak: write 600")]
    [TestCase("""{ LEAST, "socket": { "path": "/r", "mode": "066" } }""", "socket.mode: 066 keeps the agent's own user out")]
    [TestCase("""{ LEAST, "socket": { "path": "/r", "mode": "7777" } }""", "socket.mode: 7777 has bits that no socket has: write 660")]
    [TestCase("""{ LEAST, "state": "/" }""", "state: `/` is the root of the whole machine: name a folder of its own, such as /var/lib/policym2m-agent")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/etc/.." } ] }""", "services[0].folder: `/etc/..` is the root of the whole machine")]
    [TestCase("""{ LEAST, "interval": 5, "interval": 6, "interval": 7 }""", "interval: it is given twice, first in line 1: leave one of them")]
    [TestCase("""{ LEAST, "callers": [ { "user": "0", "devices": ["self"], "user": "1" } ] }""", "callers[0].user: it is given twice")]
    [TestCase("""{ LEAST, "claims": { "device type": "plc" } }""", "claims.device type: it is no attribute's name: words of letters")]
    [TestCase("""{ LEAST, "claims": { "": 1, "a..b": 1, "1st": 1, "location": { "sité": "x" } } }""", "claims.: it is no attribute's name", "claims.a..b: it is no", "claims.1st: it is no", "claims.location.sité: it is no")]
    [TestCase("""{ LEAST, "claims": { "posture.risk": 1.5, "b": null, "c": [1], "d": 99999999999999999999 } }""",
        "claims.posture.risk: no attribute can be that: a value is true or false", "claims.b: no attribute can be that", "claims.c: no attribute can be that", "claims.d: no attribute can be that")]
    [TestCase("""{ LEAST, "claims": { "device.type": "plc", "device": { "type": "sensor" } } }""", "claims.device.type: it is given twice")]
    [TestCase("""{ LEAST, "callers": [ { "user": -1, "devices": ["self"] } ] }""", "callers[0].user: expected a name, or a whole number from 0 to 4294967295")]
    [TestCase("""{ LEAST, "callers": [ { "user": true, "devices": ["self"] } ] }""", "callers[0].user: expected a text")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", "stack": "nginx", "folder": "/f", "key": "/k", "authorities": "/a", "changed": { "command": ["/r"] }, "refused": { "command": ["/r"] } } ] }""",
        "services[0].certificate: a certificate and its key go together")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/f", "role": "client" } ] }""", "services[0].peer: a client of this stack needs the name of its peer")]
    [TestCase("""{ LEAST, "callers": [ { "devices": ["self"] } ] }""", "callers[0].user: name a user or a group, or both")]
    [TestCase("""{ LEAST, "callers": [ { "user": "nobody-of-that-name", "devices": ["self"] } ] }""", "callers[0].user: this machine has no user `nobody-of-that-name`")]
    [TestCase("""{ LEAST, "callers": [ { "user": "0" } ] }""", "callers[0].devices: name devices by their ids")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", "stack": "nginx", "folder": "/f", "certificate": "/c", "key": "/k", "authorities": "/a", "changed": { "command": ["reload"] } } ] }""",
        "services[0].changed.command: expected the absolute path of a program, not `reload`", "services[0].refused: it is not there")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", "stack": "nginx", "certificate": "/c", "key": "/k", "authorities": "/a", "role": "both", "folder": "/f", "changed": { }, "refused": { "signal": "KILL" } } ] }""",
        "services[0].role: expected `server` or `client`", "services[0].changed.command: name a program and its arguments", "services[0].refused.command: name a program and its arguments", "services[0].refused.signal: nobody knows this name")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/f" }, { "name": "b", SERVICE, "folder": "/g" } ] }""", "services: two of them are called `b`")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/f/" }, { "name": "c", SERVICE, "folder": "/g/../f" } ] }""", "services: two of them write to `/f`")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/bin" }, { "name": "c", SERVICE, "folder": "/usr/bin" } ] }""", "services: two of them write to `/usr/bin`")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/var/lib/../lib/a/" } ] }""", "services: `b` writes to `/var/lib/../lib/a/`, where the agent keeps what is its own: name another folder")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/var/lib/a/credential/current" } ] }""", "services: `b` writes to `/var/lib/a/credential/current`, where the agent keeps what is its own")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE } ] }""", "services[0].folder: it is not there")]
    [TestCase("""{ LEAST, "socket": { "path": "/var/lib/a/lock" } }""", "socket.path: the agent keeps `/var/lib/a/lock` for itself: name another path")]
    [TestCase("""{ LEAST, "socket": { "path": "/var/lib/a/./cache-key" } }""", "socket.path: the agent keeps `/var/lib/a/cache-key` for itself")]
    [TestCase("""{ LEAST, "services": [ { "name": "..", SERVICE, "folder": "/f" } ] }""", "services[0].name: expected at most 64 letters")]
    [TestCase("""{ LEAST, "services": [ { "name": "a/b", SERVICE, "folder": "/f" } ] }""", "services[0].name: expected at most 64 letters")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/f", "heldElsewhere": ["mutual"] } ] }""", "services[0].heldElsewhere: of an auth decision, something else may hold key-algorithms")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", SERVICE, "folder": "/f", "keyProtection": "vault" } ] }""", "services[0].keyProtection: a key is kept in one of software")]
    [TestCase("""{ LEAST, "mode": "guess" }""", "mode: expected `ask`, `ask-then-bundle` or `bundle`")]
    [TestCase("""{ LEAST, "sources": [ { } ] }""", "sources[0].os: expected one of `\"os\": true`")]
    [TestCase("""{ LEAST, "sources": [ { "os": true, "file": "/f" } ] }""", "sources[0].os: expected one of")]
    [TestCase("""{ LEAST, "sources": [ { "os": false } ] }""", "sources[0].os: expected `true`")]
    [TestCase("""{ LEAST, "sources": [ { "file": "facts.json" } ] }""", "sources[0].file: expected an absolute path")]
    [TestCase("""{ LEAST, "sources": [ { "command": ["attest"] } ] }""", "sources[0].command: expected the absolute path of a program")]
    [TestCase("""{ LEAST, "sources": [ { "command": ["/a"], "seconds": 61 } ] }""", "sources[0].seconds: expected a whole number from 1 to 60")]
    [TestCase("""{ LEAST, "renewal": { "trust": "/ca.pem" } }""", "renewal.est: name an EST server or a command")]
    [TestCase("""{ LEAST, "renewal": { "trust": "/ca.pem", "est": "http://ca.example" } }""", "renewal.est: expected an address such as https://")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", "stack": "apache", "folder": "/f", "changed": { "command": ["/r"] }, "refused": { "command": ["/r"] } } ] }""", "services[0].stack: expected one of openssl, mosquitto")]
    [TestCase("""{ LEAST, "services": [ { "name": "b", "stack": "mosquitto", "folder": "/f", "certificate": "/c; rm", "key": "/k", "changed": { "command": ["/r"] }, "refused": { "command": ["/r"] } } ] }""", "services[0].certificate: it is no plain name or path: letters")]
    public void Everything_that_is_wrong_is_told_with_its_place(string json, params string[] expected)
    {
        string[] faults = [.. Parse(json.Replace("LEAST", LeastBeside(json), StringComparison.Ordinal).Replace("SERVICE", Service, StringComparison.Ordinal)).Faults.Select(fault => fault.ToString())];
        Assert.That(faults, Has.Length.EqualTo(expected.Length), string.Join('\n', faults));
        Assert.That(faults.Zip(expected).Where(pair => !pair.First.StartsWith(pair.Second, StringComparison.Ordinal)), Is.Empty);
    }

    [TestCase("777", ExpectedResult = "666")]
    [TestCase("0755", ExpectedResult = "644")]
    public string The_bits_to_execute_a_file_mean_nothing_of_a_socket(string mode) =>
        Convert.ToString((int)Read($"{{ {Pdp}{State}{Credential}, \"socket\": {{ \"path\": \"/run/a.sock\", \"mode\": \"{mode}\" }} }}").Socket.Mode, 8);

    [Test]
    public void The_mark_at_the_beginning_of_a_file_in_UTF_8_is_no_fault_and_that_of_another_coding_is_said_to_be()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["marked.json"], $"{{ {Least} }}", Encoding.UTF8);
        Assert.That(ConfigurationFile.Read(folder["marked.json"]).State, Is.EqualTo("/var/lib/a"));
        File.WriteAllText(folder["wide.json"], $"{{ {Least} }}", Encoding.Unicode);
        Assert.That(() => ConfigurationFile.Read(folder["wide.json"]), Throws.TypeOf<CannotRunException>().With.Message.EqualTo($"{folder["wide.json"]}:1:1: it is in UTF-16, and JSON is in UTF-8: save it so"));
    }

    [Test]
    public void A_file_that_can_be_used_is_said_to_be()
    {
        using var machine = new GatewayFolder();
        Assert.That(FinishedProcess.Run(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "run", "--config", machine.Configuration, "--check-config"]).Succeeded().Output, Is.EqualTo($"{machine.Configuration} can be used\n"));
    }

    /// <summary>What must be there, but for what a case says itself.</summary>
    private static string LeastBeside(string json) => string.Concat(new[] { Pdp, State, Socket }.Where(part => !json.Contains(part[..part.IndexOf(':')], StringComparison.Ordinal))) + Credential;

    private static AgentConfiguration Read(string json)
    {
        (AgentConfiguration? read, List<ConfigurationFault> faults) = Parse(json);
        Assert.That(faults, Is.Empty);
        return read!;
    }

    private static (AgentConfiguration? Read, List<ConfigurationFault> Faults) Parse(string json)
    {
        List<ConfigurationFault> faults = [];
        return (ConfigurationFile.Parse(Encoding.UTF8.GetBytes(json), faults, out _), faults);
    }
}
