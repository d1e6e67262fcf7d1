using System.Net;
using System.Net.Sockets;
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
        await broker.LetsInAsync(Aes128);
        Assert.That(broker.Takes(Aes256), Is.False);

        plant.Commit(Plant.Policy(Aes256));
        await broker.LetsInAsync(Aes256);
        Assert.That(broker.Takes(Aes128), Is.False, "the broker still runs by the decision before");

        await pdp.KillAsync();
        await agent.NextLineAsync(line => line.StartsWith("service: broker refused", StringComparison.Ordinal), "end of the broker");
        Assert.That((broker.Takes(Aes256), broker.Takes(Aes128)), Is.EqualTo((false, false)));

        await plant.StartPdpAsync();
        await agent.NextLineAsync(line => line.StartsWith("service: broker in-force", StringComparison.Ordinal), "broker in force again");
        await broker.LetsInAsync(Aes256);
    }

    /// <summary>The broker, as an administrator sets it up: a script that restarts it, and one that ends it.</summary>
    private sealed class Broker : IDisposable
    {
        private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);

        private readonly TemporaryFolder _folder = new();
        private readonly int _port = FreePort();
        private readonly string _openssl;
        private readonly Plant _plant;

        public Broker(Plant plant, string mosquitto, string openssl)
        {
            (_plant, _openssl) = (plant, openssl);
            Directory.CreateDirectory(_folder["service"]);
            Directory.CreateDirectory(_folder["include"]);
            // Only the listener: mosquitto takes every file of the folder that ends in .conf.
            File.CreateSymbolicLink(_folder["include/policym2m-listener.conf"], _folder["service/policym2m-listener.conf"]);
            string configuration = _folder.Write("broker.conf", $"user {Environment.UserName}\npid_file {_folder["pid"]}\nallow_anonymous true\nlog_dest file {_folder["log"]}\ninclude_dir {_folder["include"]}\n");
            string stop = $"pid=$(cat {_folder["pid"]} 2>/dev/null) && kill $pid 2>/dev/null && while kill -0 $pid 2>/dev/null; do sleep 0.05; done\nrm -f {_folder["pid"]}\n";
            _folder.Write("stop.sh", stop);
            _folder.Write("restart.sh", $"{stop}OPENSSL_CONF={_folder["service/openssl.cnf"]} exec {mosquitto} -c {configuration} -d\n");
        }

        public string Configuration => $$"""
            "services": [ {
              "name": "broker", "stack": "mosquitto", "folder": "{{_folder["service"]}}", "port": {{_port}}, "address": "127.0.0.1",
              "certificate": "{{_plant.Pki("server.pem")}}", "key": "{{_plant.Pki("server-key.pem")}}", "authorities": "{{_plant.Pki("ca.pem")}}",
              "changed": { "command": ["/bin/sh", "{{_folder["restart.sh"]}}"] }, "refused": { "command": ["/bin/sh", "{{_folder["stop.sh"]}}"] }
            } ]
            """;

        /// <summary>Whether a client that offers this suite and no other gets in.</summary>
        public bool Takes(string suite) => FinishedProcess.Run(_openssl,
            ["s_client", "-connect", $"127.0.0.1:{_port}", "-tls1_3", "-ciphersuites", suite, "-cert", _plant.Pki("device.pem"), "-key", _plant.Pki("device-key.pem"), "-CAfile", _plant.Pki("ca.pem"), "-verify_return_error"]).ExitCode == 0;

        /// <summary>Waits until such a client gets in.</summary>
        public async Task LetsInAsync(string suite)
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            while (!Takes(suite))
            {
                Assert.That(bound.IsCancellationRequested, Is.False, File.Exists(_folder["log"]) ? File.ReadAllText(_folder["log"]) : "the broker never ran");
                await Task.Delay(Between);
            }
        }

        public void Dispose()
        {
            FinishedProcess.Run("/bin/sh", [_folder["stop.sh"]]);
            _folder.Dispose();
        }

        private static int FreePort()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
    }
}
