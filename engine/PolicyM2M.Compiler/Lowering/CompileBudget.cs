using PolicyM2M.Engine;

namespace PolicyM2M.Compiler.Lowering;

/// <summary>
/// How much work a policy set may make before it is refused: about a hundred times what the largest set written by people needs, and
/// some seconds of a slow machine. Counting work, not time, refuses the same sets everywhere. Mutable while a set is compiled; one thread only.
/// </summary>
internal sealed class CompileBudget
{
    private const long Maximum = 20_000_000;

    private long _spent;

    /// <summary>What is being worked on, for the report.</summary>
    public SourcePosition At { get; set; }

    /// <summary>Counts work: parts joined, conditions restricted, cases copied.</summary>
    /// <exception cref="BudgetExceededException">It was too much.</exception>
    public void Spend(long work)
    {
        _spent += work;
        if (_spent > Maximum)
            throw new BudgetExceededException();
    }
}

/// <summary>Goes from the depth of a recursion straight to the compiler's edge, which reports where the budget ran out.</summary>
internal sealed class BudgetExceededException : Exception;
