using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>Reads a policy in the spelling that its path names.</summary>
internal static class PolicyReader
{
    public static PolicySyntax Read(SourceText source, Faults faults) =>
        source.Path.EndsWith(PolicySetReader.YamlPolicyExtension, StringComparison.Ordinal) ? YamlPolicyReader.Parse(source, faults) : PolicyParser.Parse(source, faults);
}
