using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Spellings;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Binding;

/// <summary>
/// Warns of blocks that say less than their authors will have thought. It looks at what was written: whether a condition leaves a choice is found out
/// later, from its meaning.
/// </summary>
internal static class BlockCheck
{
    public static void Warn(DeclarationSyntax.Block block, SourceText source, Faults faults)
    {
        var first = new Dictionary<string, CaseSyntax>(StringComparer.Ordinal);
        foreach (CaseSyntax syntax in block.Cases)
        {
            if (syntax.When is { } when && !first.TryAdd(ConditionText.Of(when), syntax))
                faults.CaseAgain(source, syntax.Keyword, source.PositionOf(first[ConditionText.Of(when)].Keyword));
        }
        // Denying everybody is a policy, and written on one line. With conditions it is the habit of lists of exceptions, to which belongs an answer by omission that is not there.
        if (!block.HasUnreadable && block.Cases.All(syntax => syntax.Answer is AnswerSyntax.Deny) && block.Cases is not [{ When: null }])
            faults.AlwaysDenies(source, block.Keyword, block.Kind, block.Cases.IsEmpty);
    }
}
