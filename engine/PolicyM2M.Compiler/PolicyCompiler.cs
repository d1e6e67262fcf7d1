namespace PolicyM2M.Compiler;

/// <summary>Compiles policy sets.</summary>
public static class PolicyCompiler
{
    /// <summary>Compiles the files of one policy set. Never throws for what is in them: every fault is a diagnostic.</summary>
    public static Compilation Compile(IReadOnlyList<SourceFile> sources) => throw new InvalidOperationException("not built yet");
}
