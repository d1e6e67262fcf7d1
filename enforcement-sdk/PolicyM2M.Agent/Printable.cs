namespace PolicyM2M.Agent;

/// <summary>What comes over the wire must drive neither a terminal nor a log.</summary>
internal static class Printable
{
    /// <summary>The text, with a mark in the place of each control character.</summary>
    public static string Text(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c)) : text;
}
