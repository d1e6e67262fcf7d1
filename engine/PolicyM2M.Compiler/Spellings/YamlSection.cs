using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Compiler.Spellings;

/// <summary>A section of a policy in YAML: a key, and the declarations that stand under it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Names">The names that stand there, each once.</param>
/// <param name="Items">The declarations.</param>
internal sealed record YamlSection(string Key, HashSet<string> Names, List<DeclarationSyntax> Items)
{
    /// <summary>The declarations in sections, and these in groups in which no section stands twice and no name in a section.</summary>
    public static List<List<YamlSection>> Groups(IEnumerable<DeclarationSyntax> declarations)
    {
        var groups = new List<List<YamlSection>> { new() };
        foreach (DeclarationSyntax declaration in declarations)
        {
            (string key, string name) = PlaceOf(declaration);
            List<YamlSection> group = groups[^1];
            if (group.Count > 0 && group[^1].Key == key && name.Length > 0 && group[^1].Names.Add(name))
            {
                group[^1].Items.Add(declaration);
                continue;
            }
            if (group.Any(section => section.Key == key))
                groups.Add([]);
            groups[^1].Add(new YamlSection(key, [name], [declaration]));
        }
        return groups;
    }

    /// <summary>The section of a declaration, and the name that can stand there once; empty where the section is the declaration.</summary>
    private static (string Key, string Name) PlaceOf(DeclarationSyntax declaration) => declaration switch
    {
        DeclarationSyntax.Define define => (YamlKeys.Define, define.Name.Text),
        DeclarationSyntax.Profile profile => (YamlKeys.Profiles, profile.Name.Text),
        DeclarationSyntax.Block block => (block.Kind.Name(), ""),
        _ => (YamlKeys.Rules, $"{declaration.Span.Start}"),
    };
}
