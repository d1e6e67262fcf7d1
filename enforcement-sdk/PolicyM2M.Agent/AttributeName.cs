namespace PolicyM2M.Agent;

/// <summary>How attributes are called, as the schema of policies has it.</summary>
internal static class AttributeName
{
    public const string Rule = "words of letters, digits, `-` and `_`, joined by dots";

    public static bool IsOne(string name) => name.Split('.').All(word =>
        word.Length > 0 && char.IsAsciiLetter(word[0]) && char.IsAsciiLetterOrDigit(word[^1]) && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
}
