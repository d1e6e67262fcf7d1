using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent;

/// <summary>What comes over the wire must drive neither a terminal nor a log.</summary>
internal static class Printable
{
    /// <summary>The text, with a mark in the place of each character that would begin a line, or hide or turn around what stands beside it.</summary>
    public static string Text(string text) =>
        text.EnumerateRunes().Any(PlainLine.Steers) ? string.Concat(text.EnumerateRunes().Select(rune => PlainLine.Steers(rune) ? "\uFFFD" : rune.ToString())) : text;
}
