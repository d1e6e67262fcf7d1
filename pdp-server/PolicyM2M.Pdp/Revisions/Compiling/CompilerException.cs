namespace PolicyM2M.Pdp.Revisions.Compiling;

/// <summary>A commit could not be compiled in a process of its own, which says nothing of whether it is good.</summary>
internal sealed class CompilerException(string message) : Exception(message)
{
    /// <summary>Whether it may go well the next time: the repository could not be read, or the process not be started. What broke the compiler breaks it again.</summary>
    public bool MayHeal { get; init; }
}
