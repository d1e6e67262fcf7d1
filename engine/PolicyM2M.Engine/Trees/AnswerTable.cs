using System.Collections.Immutable;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// What leaves answer: sets of rules, each as ascending places. The first answers, one for each kind of decision, are empty: no rule applies.
/// </summary>
/// <param name="Starts">Where each set begins in <paramref name="Rules"/>, and where the last ends.</param>
/// <param name="Rules">The places of the rules.</param>
internal sealed record AnswerTable(ImmutableArray<int> Starts, ImmutableArray<int> Rules)
{
    public int Count => Starts.Length - 1;

    public ReadOnlySpan<int> this[int answer] => Rules.AsSpan(Starts[answer], Starts[answer + 1] - Starts[answer]);
}
