using PolicyM2M.Solution.Tests.Assemblies;

namespace PolicyM2M.Solution.Tests;

/// <summary>Dependencies point down inside a project too. What is checked is the built assembly, not its `using` lines.</summary>
[TestFixture]
public sealed class NamespaceTests
{
    /// <summary>A library, the product that references it, and the one namespace of that product whose code may name it.</summary>
    private static readonly (string Library, string Product, string[] Namespaces)[] Libraries =
    [
        ("Superpower", FloorPlan.Compiler, ["PolicyM2M.Compiler.Syntax"]),
        ("Microsoft.Data.Sqlite", FloorPlan.Registry, ["PolicyM2M.Registry.Databases"]),
        ("Npgsql", FloorPlan.Registry, ["PolicyM2M.Registry.Databases"]),
    ];

    /// <summary>
    /// The floors of a product, lowest first: a namespace uses those before it and itself. The product's own namespace is not
    /// ranked: it holds what is said to a caller (rules, decisions, the list of the compiler's stages), which every floor may speak
    /// of. Nor are the compiler's diagnostics, whose catalogue words the faults of every stage.
    /// </summary>
    private static readonly (string Product, string[] Floors, string[] Unranked)[] Ranked =
    [
        (FloorPlan.Engine, ["Vocabulary", "Lattice", "Contexts", "Trees", "Regions", "Bundles"], []),
        (FloorPlan.Compiler, ["Syntax", "Sets", "Spellings", "Binding", "Lowering", "Trees", "Explanations", "SelfTests", "PolicyTests"], ["Diagnostics"]),
    ];

    [TestCaseSource(nameof(LibraryCases))]
    public void A_library_stays_in_its_namespace(string library, string product, string[] namespaces)
    {
        IEnumerable<TypeUse> offences = ProductAssembly.TypeUses(product)
            .Where(use => IsIn(use.Used.Namespace, library) && !namespaces.Any(allowed => IsIn(use.User.Namespace, allowed)));
        Assert.That(offences, Is.Empty);
    }

    [TestCaseSource(nameof(RankedCases))]
    public void The_namespaces_of_a_product_point_down_only(string product, string[] floors, string[] unranked)
    {
        IEnumerable<TypeUse> offences = ProductAssembly.TypeUses(product)
            .Where(use => Floor(use.User, product, floors) is >= 0 and int user && Floor(use.Used, product, floors) > user);
        Assert.That(offences, Is.Empty);
    }

    [TestCaseSource(nameof(RankedCases))]
    public void Every_namespace_of_a_product_has_its_floor(string product, string[] floors, string[] unranked)
    {
        IEnumerable<string> offences = ProductAssembly.TypeUses(product).Select(use => use.User.Namespace).Distinct()
            .Where(name => name.StartsWith($"{product}.", StringComparison.Ordinal) && !floors.Concat(unranked).Any(floor => IsIn(name, $"{product}.{floor}")));
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Each_file_declares_the_namespace_of_its_folder()
    {
        IEnumerable<string> offences = Repository.TrackedFiles()
            .Where(path => path.EndsWith(".cs", StringComparison.Ordinal))
            .Where(path => DeclaredNamespace(path) is { } declared && declared != FolderNamespace(path));
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void A_use_within_a_method_is_seen() =>
        Assert.That(ProductAssembly.TypeUses(FloorPlan.Engine), Has.Member(new TypeUse(
            new TypeName("PolicyM2M.Engine.Vocabulary", "TlsRegistry"), new TypeName("System.IO", "StreamReader"))));

    private static IEnumerable<TestCaseData> LibraryCases =>
        Libraries.Select(rule => new TestCaseData(rule.Library, rule.Product, rule.Namespaces).SetArgDisplayNames(rule.Library, rule.Product));

    private static IEnumerable<TestCaseData> RankedCases =>
        Ranked.Select(rule => new TestCaseData(rule.Product, rule.Floors, rule.Unranked).SetArgDisplayNames(rule.Product));

    private static bool IsIn(string name, string outer) =>
        name == outer || name.StartsWith(outer + ".", StringComparison.Ordinal);

    private static int Floor(TypeName type, string product, string[] floors) =>
        Array.FindIndex(floors, floor => IsIn(type.Namespace, $"{product}.{floor}"));

    private static string? DeclaredNamespace(string path) =>
        Repository.Read(path).Split('\n').FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd('\r', ';');

    private static string FolderNamespace(string path)
    {
        string[] folders = path.Split('/')[..^1];
        int project = Array.FindIndex(folders, folder => folder.StartsWith("PolicyM2M.", StringComparison.Ordinal));
        return string.Join('.', folders[project..]);
    }
}
