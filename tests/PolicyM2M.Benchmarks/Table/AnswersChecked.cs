using PolicyM2M.Benchmarks.Measuring;
using PolicyM2M.Benchmarks.Sets;

namespace PolicyM2M.Benchmarks.Table;

/// <summary>Makes subjects that are worth measuring: those that answer as a naive evaluator does. How fast a wrong answer comes is nobody's concern.</summary>
internal static class AnswersChecked
{
    /// <exception cref="InvalidOperationException">An answer is wrong.</exception>
    /// <exception cref="SetDoesNotCompileException">There is none.</exception>
    public static Subject Of(GeneratedSet set)
    {
        var subject = Subject.Of(set);
        return subject.FirstWrong(set) is { } wrong ? throw new InvalidOperationException(wrong) : subject;
    }
}
