using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>A real mosquitto whose TLS the daemon holds at what is decided, tried by a real client.</summary>
internal sealed class BrokerTests
{
    private const string Aes128 = "TLS_AES_128_GCM_SHA256", Aes256 = "TLS_AES_256_GCM_SHA384";

    [Test]
    public async Task A_broker_takes_what_is_decided_and_nothing_else_and_ends_when_nothing_may_run()
    {
        string openssl = RequiredProgram.OpenSsl.Require(), mosquitto = RequiredProgram.Mosquitto.Require();
        using var plant = new Plant();
        RunningProcess pdp = await plant.StartPdpAsync();
        using var broker = new Broker(plant, mosquitto, openssl);
        RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $"\"mode\": \"ask\", \"interval\": 1, {broker.Configuration}");
        await agent.NextLineAsync(line => line.StartsWith("service: broker in-force", StringComparison.Ordinal), "broker in force");
        await broker.Probe.LetsInAsync(Aes128, broker.Log);
        Assert.That(broker.Probe.Takes(Aes256), Is.False);

        plant.Commit(Plant.Policy(Aes256));
        await broker.Probe.LetsInAsync(Aes256, broker.Log);
        Assert.That(broker.Probe.Takes(Aes128), Is.False, "the broker still runs by the decision before");

        await pdp.KillAsync();
        await agent.NextLineAsync(line => line.StartsWith("service: broker refused", StringComparison.Ordinal), "end of the broker");
        Assert.That((broker.Probe.Takes(Aes256), broker.Probe.Takes(Aes128)), Is.EqualTo((false, false)));

        await plant.StartPdpAsync();
        await agent.NextLineAsync(line => line.StartsWith("service: broker in-force", StringComparison.Ordinal), "broker in force again");
        await broker.Probe.LetsInAsync(Aes256, broker.Log);
    }

    /// <summary>The broker, as an administrator sets it up: a script that restarts it, and one that ends it.</summary>
    private sealed class Broker : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Plant _plant;

        public Broker(Plant plant, string mosquitto, string openssl)
        {
            (_plant, Probe) = (plant, new SuiteProbe(plant, openssl));
            Directory.CreateDirectory(_folder["service"]);
            Directory.CreateDirectory(_folder["include"]);
            // Only the listener: mosquitto takes every file of the folder that ends in .conf.
            File.CreateSymbolicLink(_folder["include/policym2m-listener.conf"], _folder["service/policym2m-listener.conf"]);
            string configuration = _folder.Write("broker.conf", $"user {Environment.UserName}\npid_file {_folder["pid"]}\nallow_anonymous true\nlog_dest file {_folder["log"]}\ninclude_dir {_folder["include"]}\n");
            string stop = $"pid=$(cat {_folder["pid"]} 2>/dev/null) && kill $pid 2>/dev/null && while kill -0 $pid 2>/dev/null; do sleep 0.05; done\nrm -f {_folder["pid"]}\n";
            _folder.Write("stop.sh", stop);
            _folder.Write("restart.sh", $"{stop}OPENSSL_CONF={_folder["service/openssl.cnf"]} exec {mosquitto} -c {configuration} -d\n");
        }

        public SuiteProbe Probe { get; }

        public string Log => _folder["log"];

        public string Configuration => $$"""
            "services": [ {
              "name": "broker", "stack": "mosquitto", "folder": "{{_folder["service"]}}", "port": {{Probe.Port}}, "address": "127.0.0.1",
              "certificate": "{{_plant.Pki("server.pem")}}", "key": "{{_plant.Pki("server-key.pem")}}", "authorities": "{{_plant.Pki("ca.pem")}}",
              "changed": { "command": ["/bin/sh", "{{_folder["restart.sh"]}}"] }, "refused": { "command": ["/bin/sh", "{{_folder["stop.sh"]}}"] }
            } ]
            """;

        public void Dispose()
        {
            FinishedProcess.Run("/bin/sh", [_folder["stop.sh"]]);
            _folder.Dispose();
        }
    }
}
