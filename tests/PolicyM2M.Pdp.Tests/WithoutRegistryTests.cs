using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Testing;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Tests;

/// <summary>What an answer says of itself that was made while the registry could not be reached.</summary>
[TestFixture]
[CancelAfter(120_000)]
internal sealed class WithoutRegistryTests
{
    [Test]
    public async Task An_answer_says_so_also_from_memory_and_no_longer_than_it_is_so()
    {
        await using RunningPdp pdp = RunningPdp.Prepare();
        pdp.Git.Commit("Test policies", TestPolicies.Files());
        // The device is not in it: nothing but the registry itself tells what is known of it before from what is known after.
        pdp.WriteRegistry("""{ "devices": { "other": { } } }""");
        File.WriteAllText(pdp.Data.RegistryDatabase, "no database");
        await pdp.StartServerAsync(pdp.Options() with { Audit = new AuditOptions { Durability = AuditDurability.Durable } });
        DecisionService.DecisionServiceClient device = pdp.DecisionsAs("device");
        // What is allowed is given again from memory for a minute.
        var signed = new DecideRequest { Form = DecisionForm.Signed, Kinds = { DecisionKind.CipherSuites }, Attributes = { ["firmware.version"] = new AttributeValue { Text = "2.6.0" } } };
        DecideRequest[] requests = [new(), signed];
        DecideResponse[] away = await AskAsync(device, [.. requests, .. requests]);
        Assert.That(away.Select(answer => answer.RegistryUnavailable), Is.All.True);

        File.Delete(pdp.Data.RegistryDatabase);
        await RunningPdp.Eventually(async () => await pdp.DevicesAs("operator").GetRegistryStatusAsync(new GetRegistryStatusRequest()), status => status.Available);

        DecideResponse[] back = await AskAsync(device, [.. requests, .. requests]);
        Assert.That(back.Select(answer => answer.RegistryUnavailable), Is.All.False);
        Assert.That(back[1].SignedDecisions.Single(), Is.EqualTo(away[1].SignedDecisions.Single()), "what is signed is everybody's, and says nothing of it");
        AuditRecord[] decided = [.. (await AuditTests.Records(pdp)).Where(record => record.Decisions is not null)];
        Assert.That(decided.Select(record => record.Decisions.RegistryUnavailable), Is.EqualTo(new[] { true, true, true, true, false, false, false, false }));
        Assert.That(M2MProcess.Run("audit", "show", pdp.Data.Audit).Output.Split('\n').Count(line => line.Contains(", without the registry", StringComparison.Ordinal)), Is.EqualTo(4));
    }

    [Test]
    public async Task A_start_says_for_which_database_it_waits_and_goes_on_without_it()
    {
        // Its connections are made, and nobody ever says a word.
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var folder = new TemporaryFolder();
        string connection = folder.Write("connection", $"Host=127.0.0.1;Port={((System.Net.IPEndPoint)silent.LocalEndpoint).Port};Database=x;Username=u;Password=p;Timeout=60");
        await using RunningPdp pdp = await RunningPdp.StartAsync(change: options => options with { RegistryDb = $"postgres-file:{connection}" });

        string[] lines = [.. pdp.Log.Lines];
        Assert.That(lines, Has.One.EqualTo("Warning: waiting for the registry postgres:127.0.0.1/x, for at most 5 seconds; without it the start goes on, and what only it knows counts as missing"));
        Assert.That(lines.SkipWhile(line => !line.StartsWith("Warning: waiting for the registry", StringComparison.Ordinal)),
            Has.One.EqualTo("Error: the registry cannot be reached: postgres:127.0.0.1/x did not answer within 5 seconds; it was not read since this start"));
        Assert.That((await pdp.DecisionsAs("device").DecideAsync(new DecideRequest())).RegistryUnavailable);
    }

    private static async Task<DecideResponse[]> AskAsync(DecisionService.DecisionServiceClient device, DecideRequest[] requests)
    {
        var answers = new List<DecideResponse>();
        foreach (DecideRequest request in requests)
            answers.Add(await device.DecideAsync(request));
        return [.. answers];
    }
}
