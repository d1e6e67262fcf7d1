namespace PolicyM2M.Cli.Tests;

[TestFixture]
public sealed class PaletteTests
{
    [TestCase(false, null, "xterm", true)]
    [TestCase(false, "", "xterm", true)]
    [TestCase(false, "1", "xterm", false)]
    [TestCase(true, null, "xterm", false)]
    [TestCase(false, null, "dumb", false)]
    public void Only_a_terminal_that_wants_colours_gets_them(bool redirected, string? noColor, string? terminal, bool coloured) =>
        Assert.That(Palette.Of(redirected, noColor, terminal).Bad("deny"), Is.EqualTo(coloured ? "\e[1;31mdeny\e[0m" : "deny"));
}
