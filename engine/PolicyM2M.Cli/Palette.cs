namespace PolicyM2M.Cli;

/// <summary>Colours for a terminal, or none: a file or a pipe gets plain text, and so does whoever sets NO_COLOR (no-color.org).</summary>
internal sealed class Palette
{
    private const string Reset = "\e[0m";

    private readonly bool _colours;

    private Palette(bool colours) => _colours = colours;

    public static Palette Plain { get; } = new(colours: false);

    /// <summary>The palette for a stream.</summary>
    /// <param name="redirected">Whether the stream goes elsewhere than to a terminal.</param>
    public static Palette For(bool redirected) => Of(
        redirected, Environment.GetEnvironmentVariable("NO_COLOR"), Environment.GetEnvironmentVariable("TERM"));

    public static Palette Of(bool redirected, string? noColor, string? terminal) =>
        redirected || !string.IsNullOrEmpty(noColor) || terminal == "dumb" ? Plain : new Palette(colours: true);

    public string Bad(string text) => Paint("\e[1;31m", text);

    public string Warn(string text) => Paint("\e[1;33m", text);

    public string Good(string text) => Paint("\e[1;32m", text);

    public string Strong(string text) => Paint("\e[1m", text);

    public string Faint(string text) => Paint("\e[2m", text);

    private string Paint(string start, string text) => _colours ? start + text + Reset : text;
}
