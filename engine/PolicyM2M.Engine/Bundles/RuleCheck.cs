namespace PolicyM2M.Engine.Bundles;

/// <summary>Checks that every rule's texts and outcome are there.</summary>
internal static class RuleCheck
{
    /// <exception cref="InvalidDataException">The rules are damaged.</exception>
    public static void Check(RuleTable rules)
    {
        foreach (RuleRow row in rules.Rows)
        {
            if (!IsText(row.Policy) || !IsText(row.File) || !(row.Label < 0 || IsText(row.Label)) || row.Says < 0 || row.Says >= rules.Outcomes.Length)
                throw new InvalidDataException("the bundle is damaged: a rule speaks of what is not there");
        }

        bool IsText(int place) => place >= 0 && place < rules.Texts.Length;
    }
}
