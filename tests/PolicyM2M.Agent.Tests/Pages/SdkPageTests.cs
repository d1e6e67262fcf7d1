using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Tests.Local;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Pages;

/// <summary>Who does what docs/sdk.md shows gets what it shows.</summary>
[TestFixture]
internal sealed class SdkPageTests
{
    private static readonly string Root = ProjectFolder.RepositoryRootOf(typeof(SdkPageTests).Assembly);

    private static string Page => File.ReadAllText(Path.Combine(Root, "docs/sdk.md"));

    [Test]
    public async Task Its_commands_print_what_it_shows()
    {
        RequiredProgram.Mosquitto.Require();
        RequiredProgram.OpenSsl.Require();
        new RequiredProgram("npm", "npm").Require();
        using var shell = new PageShell("8443", "8883", "8884");
        foreach (PageBlock block in PageBlock.Of(Page))
        {
            string printed = await shell.RunAsync(block);
            foreach (string line in block.Prints)
                Assert.That(printed, Does.Contain(line), block.Commands);
        }
    }

    [Test]
    public async Task A_client_that_gets_no_answer_does_not_end_as_if_it_had_one()
    {
        new RequiredProgram("npm", "npm").Require();
        using var shell = new PageShell("8443");
        string printed = await shell.RunAsync(new PageBlock("""
            npm ci --prefix docs/clients --silent > npm.log 2>&1
            node docs/clients/agent.mjs /nowhere/agent.sock || echo "node ended with $?"
            dotnet run --project docs/device || echo "device ended with $?"
            dotnet run --project docs/device -- localhost 99999 || echo "device ended with $?"
            """, Stays: false, Prints: []));
        Assert.That(printed.Split('\n'), Has.Exactly(1).EqualTo("node ended with 1").And.Exactly(2).EqualTo("device ended with 1")
            .And.Exactly(2).EqualTo("expected the address of the decision point and the port of the broker: https://localhost:8443 8883"), printed);
    }

    [Test]
    public async Task A_client_that_is_denied_ends_with_2()
    {
        new RequiredProgram("npm", "npm").Require();
        using var machine = new GatewayFolder();
        File.WriteAllText(machine.Configuration, File.ReadAllText(machine.Configuration).Replace("\"services\"", $$"""
            "callers": [ { "user": "{{SystemAccounts.Own()}}", "devices": ["self"] } ], "services"
            """, StringComparison.Ordinal));
        using RunningProcess agent = RunningProcess.Start(ProgramStart.Ordinary.Program, [.. ProgramStart.Ordinary.Arguments, "run", "--config", machine.Configuration], machine["run"]);
        await agent.NextLineAsync(line => line.Contains(" answers on ", StringComparison.Ordinal), "socket");
        using var shell = new PageShell("8443");
        string printed = await shell.RunAsync(new PageBlock($"""
            npm ci --prefix docs/clients --silent > npm.log 2>&1
            node docs/clients/agent.mjs {machine.Socket} || echo "node ended with $?"
            """, Stays: false, Prints: []));
        Assert.That(printed, Does.StartWith("deny: the decision point cannot be reached").And.EndsWith("node ended with 2\n"));
    }

    [Test]
    public void It_shows_the_program_as_it_is() => Assert.That(Page, Does.Contain($"```csharp\n{File.ReadAllText(Path.Combine(Root, "docs/device/Program.cs"))}```"));

    [Test]
    public void All_its_blocks_are_commands_what_they_print_or_that_program() =>
        Assert.That(PageBlock.Fences(Page).Except(["sh", "text", "csharp"]), Is.Empty);
}
