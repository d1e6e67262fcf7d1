namespace PolicyM2M.Compiler;

/// <summary>One file of a policy set.</summary>
/// <param name="Path">The path within the policy set, with <c>/</c> between folders.</param>
/// <param name="Text">The text, decoded from UTF-8.</param>
/// <param name="Unreadable">Why there is no text to compile, such as <c>it is not UTF-8</c>: a fault of that file, beside those of the others. Null where there is.</param>
public sealed record SourceFile(string Path, string Text, string? Unreadable = null);
