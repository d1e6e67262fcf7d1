using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Spellings;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler;

/// <summary>The two spellings of a policy. Both say the same.</summary>
public enum PolicySpelling
{
    /// <summary>The policy language, in files <c>*.m2m</c>.</summary>
    M2M,

    /// <summary>YAML, in files <c>*.m2m.yaml</c>.</summary>
    Yaml,
}

/// <summary>What became of a policy that was to be formatted.</summary>
/// <param name="Text">The policy as it is to be written; null where it cannot be read.</param>
/// <param name="Diagnostics">Why it cannot be read, sorted by position. Names and types are not looked at.</param>
public sealed record FormattedPolicy(string? Text, ImmutableArray<Diagnostic> Diagnostics);

/// <summary>Prints policies canonically, in either spelling. What it prints has the same syntax tree, and prints as itself.</summary>
public static class PolicyFormatter
{
    /// <summary>The spelling of a policy by its path; null where the path is not that of a policy.</summary>
    public static PolicySpelling? SpellingOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(PolicySetReader.YamlPolicyExtension, StringComparison.Ordinal) ? PolicySpelling.Yaml
            : PolicySetReader.IsPolicy(path) ? PolicySpelling.M2M
            : null;
    }

    /// <summary>The path of a policy in a spelling: its own, with the ending of the spelling.</summary>
    public static string PathIn(PolicySpelling spelling, string path)
    {
        string ending = SpellingOf(path) == PolicySpelling.Yaml ? PolicySetReader.YamlPolicyExtension : PolicySetReader.PolicyExtension;
        return path[..^ending.Length] + (spelling == PolicySpelling.Yaml ? PolicySetReader.YamlPolicyExtension : PolicySetReader.PolicyExtension);
    }

    /// <summary>Prints a policy.</summary>
    /// <param name="file">The policy, in the spelling that its path names.</param>
    /// <param name="to">The spelling to print it in.</param>
    public static FormattedPolicy Format(SourceFile file, PolicySpelling to)
    {
        ArgumentNullException.ThrowIfNull(file);
        var faults = new Faults();
        PolicySyntax policy = PolicyReader.Read(new SourceText(file), faults);
        string? text = faults.HasErrors ? null : Print(policy, to);
        return new FormattedPolicy(text, faults.Sorted());
    }

    internal static string Print(PolicySyntax policy, PolicySpelling to) => to == PolicySpelling.Yaml ? YamlPrinter.Print(policy) : M2MPrinter.Print(policy);
}
