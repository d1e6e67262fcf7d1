using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Agent.Renewing;
using PolicyM2M.Agent.Status;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Renewing;

/// <summary>A certificate that somebody else puts in the place of the one before, where the agent renews none itself.</summary>
internal sealed class ReplacedCredentialTests
{
    [Test]
    public async Task It_is_taken_up_once_it_is_whole_and_until_then_the_one_before_stays()
    {
        using var machine = new GatewayFolder();
        using var log = new StringWriter();
        AgentConfiguration configuration = ConfigurationFile.Read(machine.Configuration);
        var seen = new Sightings(new AgentStatus { Pdp = configuration.Pdp, StartedAt = DateTimeOffset.UnixEpoch }, TimeProvider.System, log);
        var replaced = new ReplacedCredential(configuration, seen, TimeProvider.System);
        await using var gateway = Gateway.Connect(Daemon.Options(configuration, TimeProvider.System), new OwnClaims(configuration.Claims));
        DateTimeOffset? before = (await gateway.StatusAsync()).CertificateUntil;
        await replaced.LookAsync(gateway);
        Assert.That(log.ToString(), Is.Empty, "nothing was replaced");

        string key = File.ReadAllText(machine["gateway-key.pem"]);
        machine.Break("at-its-end", TimeProvider.System.GetUtcNow());
        string next = File.ReadAllText(machine["gateway-key.pem"]);
        File.WriteAllText(machine["gateway-key.pem"], key);
        for (int look = 0; look < 3; look++)
            await replaced.LookAsync(gateway);
        Assert.That(log.ToString(), Is.EqualTo($"credential-not-taken: the key in {machine["gateway-key.pem"]} is not that of the certificate in {machine["gateway.pem"]}\n"), "once");
        Assert.That((await gateway.StatusAsync()).CertificateUntil, Is.EqualTo(before));

        File.WriteAllText(machine["gateway-key.pem"], next);
        await replaced.LookAsync(gateway);
        Assert.That((await gateway.StatusAsync()).CertificateUntil, Is.EqualTo(CertificateFile.Until(machine["gateway.pem"])).And.Not.EqualTo(before));
        Assert.That(log.ToString().Split('\n')[^2], Does.StartWith($"credential: {gateway.DeviceId}, valid until "));
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task The_daemon_looks_for_it(CancellationToken longest)
    {
        using var machine = new GatewayFolder();
        using RunningProcess agent = RunningProcess.Start(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "run", "--config", machine.Configuration], machine["run"]);
        await agent.NextLineAsync(line => line.Contains(" answers on ", StringComparison.Ordinal), "socket");
        machine.Break("at-its-end", TimeProvider.System.GetUtcNow());
        await agent.NextLineAsync(line => line.StartsWith("credential: ", StringComparison.Ordinal) && line.Contains($"{CertificateFile.Until(machine["gateway.pem"]):u}", StringComparison.Ordinal), "certificate that was replaced");
        Assert.That(await agent.TerminateAsync(), Is.Zero, agent.Transcript);
    }
}
