using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>How bad a fault is.</summary>
public enum Severity
{
    /// <summary>The set compiles, but somebody should look.</summary>
    Warning,

    /// <summary>The set does not compile.</summary>
    Error,
}

/// <summary>A fault in the sources of a policy set.</summary>
/// <param name="Code">The stable code, such as <c>M2M203</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Position">Where it begins.</param>
/// <param name="Length">How many UTF-16 units of the line it covers, at least 1.</param>
/// <param name="Message">What is wrong, in lower case, with the user's own text in back-ticks.</param>
/// <param name="Help">What to do about it; null where there is nothing useful to say.</param>
public sealed record Diagnostic(string Code, Severity Severity, SourcePosition Position, int Length, string Message, string? Help);
