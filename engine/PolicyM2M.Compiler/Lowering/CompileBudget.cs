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
    private long _most = Maximum;

    /// <summary>What is being worked on, for the report.</summary>
    public SourcePosition At { get; set; }

    /// <summary>Counts work: parts joined, conditions restricted, cases copied.</summary>
    /// <exception cref="BudgetExceededException">It was too much.</exception>
    public void Spend(long work)
    {
        _spent += work;
        if (_spent > _most)
            throw new BudgetExceededException();
    }

    /// <summary>Does something that may take no more than a part of the budget; that part is gone with what it spends, also for the next time.</summary>
    /// <param name="part">What is left of the part.</param>
    /// <param name="work">What is done.</param>
    /// <exception cref="BudgetExceededException">It was too much.</exception>
    public int Within(ref long part, Func<int> work)
    {
        (long before, long most) = (_spent, _most);
        _most = Math.Min(most, before + part);
        try
        {
            return work();
        }
        finally
        {
            _most = most;
            part -= _spent - before;
        }
    }
}

/// <summary>Goes from the depth of a recursion straight to the compiler's edge, which reports where the budget ran out.</summary>
internal sealed class BudgetExceededException : Exception;
