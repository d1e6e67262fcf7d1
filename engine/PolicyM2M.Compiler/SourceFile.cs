namespace PolicyM2M.Compiler;

/// <summary>One file of a policy set.</summary>
/// <param name="Path">The path within the policy set, with <c>/</c> between folders.</param>
/// <param name="Text">The text, decoded from UTF-8.</param>
public sealed record SourceFile(string Path, string Text);
