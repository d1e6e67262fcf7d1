using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Applying;

/// <summary>A real nginx whose TLS the daemon holds at what is decided. It is reloaded by SIGHUP, and keeps its process.</summary>
internal sealed class NginxTests
{
    private const string Aes128 = "TLS_AES_128_GCM_SHA256", Aes256 = "TLS_AES_256_GCM_SHA384";

    [Test]
    public async Task It_is_reloaded_with_what_is_decided_and_ended_when_nothing_may_run()
    {
        string openssl = RequiredProgram.OpenSsl.Require(), nginx = RequiredProgram.Nginx.Require();
        using var plant = new Plant();
        using var folder = new TemporaryFolder();
        var probe = new SuiteProbe(plant, openssl);
        Directory.CreateDirectory(folder["service"]);
        string log = folder["error.log"], pid = folder["pid"];
        string configuration = folder.Write("nginx.conf", $$"""
            pid {{pid}};
            error_log {{log}};
            {{(Environment.UserName == "root" ? "user root;" : "")}}
            events { }
            http {
              access_log off;
              server {
                listen 127.0.0.1:{{probe.Port}} ssl;
                include {{folder["service/policym2m-nginx-server.conf"]}};
              }
            }
            """);
        string reload = folder.Write("reload.sh", $"if [ -s {pid} ]; then kill -HUP $(cat {pid}); else exec {nginx} -c {configuration} -e {log}; fi\n");
        // It is asked for at every turn, and there is nothing to end then.
        string end = folder.Write("end.sh", $"[ ! -s {pid} ] || kill $(cat {pid})\n");
        RunningProcess pdp = await plant.StartPdpAsync();
        try
        {
            RunningProcess agent = plant.StartGateway(ProgramStart.Ordinary, $$"""
                "mode": "ask", "interval": 1, "services": [ {
                  "name": "web", "stack": "nginx", "folder": "{{folder["service"]}}",
                  "certificate": "{{plant.Pki("server.pem")}}", "key": "{{plant.Pki("server-key.pem")}}", "authorities": "{{plant.Pki("ca.pem")}}",
                  "changed": { "command": ["/bin/sh", "{{reload}}"] }, "refused": { "command": ["/bin/sh", "{{end}}"] }
                } ]
                """);
            await agent.NextLineAsync(line => line.StartsWith("service: web in-force", StringComparison.Ordinal), "nginx in force");
            await probe.LetsInAsync(Aes128, log);
            Assert.That(probe.Takes(Aes256), Is.False);
            string process = File.ReadAllText(pid);

            plant.Commit(Plant.Policy(Aes256));
            await probe.LetsInAsync(Aes256, log);
            Assert.That(File.ReadAllText(pid), Is.EqualTo(process), "it was reloaded and not started anew");

            await pdp.KillAsync();
            await agent.NextLineAsync(line => line.StartsWith("service: web refused", StringComparison.Ordinal), "end of nginx");
        }
        finally
        {
            if (File.Exists(pid))
                FinishedProcess.Run("/bin/sh", ["-c", $"kill $(cat {pid})"]);
        }
    }
}
