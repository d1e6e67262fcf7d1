using PolicyM2M.Compiler.Binding;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>The standard device schema against the terms of the field that it was made from, and against the schema of the shipped policies.</summary>
internal sealed class StandardSchemaTests
{
    /// <summary>The terms whose names here are not their own with `-` for `_`.</summary>
    private static readonly Dictionary<string, string[]> Renamed = new()
    {
        ["credential.issued_at / key_created_at"] = ["credential.issued-at", "key.created-at"],
        ["device_id.kind"] = ["credential.class"],
        ["location"] = ["location.site"],
    };

    private static readonly Dictionary<string, AttributeDefinition> Standard = Attributes(Path.Combine("schemas", "device.attributes.yaml"));

    [Test]
    public void Every_term_of_the_field_has_an_attribute()
    {
        string[] terms = [.. File.ReadLines(Path.Combine(ProjectFolder.Of(typeof(StandardSchemaTests).Assembly), "cases", "device_context_terms.csv")).Skip(1).Select(line => line.Split(',')[0])];
        Assert.That(terms, Has.Length.EqualTo(47));
        Assert.That(terms.SelectMany(Names).Where(name => !Standard.ContainsKey(name)), Is.Empty);
    }

    [Test]
    public void What_the_shipped_policies_test_is_defined_as_in_the_standard()
    {
        Dictionary<string, AttributeDefinition> shipped = Attributes(Path.Combine("policies", "device.attributes.yaml"));
        foreach ((string name, AttributeDefinition definition) in shipped)
        {
            AttributeDefinition standard = Standard[name];
            Assert.That((standard.Type, standard.Provenance, standard.Description, standard.Minimum, standard.Maximum, string.Join('|', standard.Values), standard.Default, standard.AgeOf),
                Is.EqualTo((definition.Type, definition.Provenance, definition.Description, definition.Minimum, definition.Maximum, string.Join('|', definition.Values), definition.Default, definition.AgeOf)), name);
        }
    }

    private static IEnumerable<string> Names(string term)
    {
        if (Renamed.TryGetValue(term, out string[]? renamed))
            return renamed;
        string[] parts = term.Replace('_', '-').Split(" / ");
        string group = parts[0].Split('.')[0];
        return parts.Select(part => part.Contains('.', StringComparison.Ordinal) ? part : $"{group}.{part}");
    }

    private static Dictionary<string, AttributeDefinition> Attributes(string path)
    {
        var faults = new Faults();
        BoundPolicySet set = PolicyCompiler.Bind(
        [
            new SourceFile("policyset.yaml", "name: s\nattributes: s.attributes.yaml\npolicies: [p.m2m]\n"),
            new SourceFile("s.attributes.yaml", File.ReadAllText(Path.Combine(Repository.Root, path))),
            new SourceFile("p.m2m", "policy p\n\nauth { otherwise deny \"nobody\" }\n"),
        ], faults)!;
        Assert.That(faults.Sorted(), Is.Empty);
        return set.Attributes.ToDictionary(attribute => attribute.Name);
    }
}
