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
    public void It_shows_the_program_as_it_is() => Assert.That(Page, Does.Contain($"```csharp\n{File.ReadAllText(Path.Combine(Root, "docs/device/Program.cs"))}```"));

    [Test]
    public void All_its_blocks_are_commands_what_they_print_or_that_program() =>
        Assert.That(PageBlock.Fences(Page).Except(["sh", "text", "csharp"]), Is.Empty);
}
