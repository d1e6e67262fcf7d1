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
    ];

    /// <summary>
    /// The floors of the engine, lowest first: a namespace uses those before it and itself. The engine's own namespace
    /// holds what is said to a caller (rules, decisions, the decider), which the lattice's judgement makes, so it is not ranked.
    /// </summary>
    private static readonly string[] EngineFloors =
    [
        "PolicyM2M.Engine.Vocabulary",
        "PolicyM2M.Engine.Lattice",
        "PolicyM2M.Engine.Contexts",
        "PolicyM2M.Engine.Bundles",
    ];

    [TestCaseSource(nameof(LibraryCases))]
    public void A_library_stays_in_its_namespace(string library, string product, string[] namespaces)
    {
        IEnumerable<TypeUse> offences = ProductAssembly.TypeUses(product)
            .Where(use => IsIn(use.Used.Namespace, library) && !namespaces.Any(allowed => IsIn(use.User.Namespace, allowed)));
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void The_engines_namespaces_point_down_only()
    {
        IEnumerable<TypeUse> offences = ProductAssembly.TypeUses(FloorPlan.Engine)
            .Where(use => Floor(use.User) is >= 0 and int user && Floor(use.Used) is int used && used > user);
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Every_namespace_of_the_engine_has_its_floor()
    {
        IEnumerable<TypeName> offences = ProductAssembly.TypeUses(FloorPlan.Engine).Select(use => use.User).Distinct()
            .Where(type => IsIn(type.Namespace, "PolicyM2M.Engine") && type.Namespace != "PolicyM2M.Engine" && Floor(type) < 0);
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

    private static bool IsIn(string name, string outer) =>
        name == outer || name.StartsWith(outer + ".", StringComparison.Ordinal);

    private static int Floor(TypeName type) => Array.FindLastIndex(EngineFloors, floor => IsIn(type.Namespace, floor));

    private static string? DeclaredNamespace(string path) =>
        Repository.Read(path).Split('\n').FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal))?["namespace ".Length..].TrimEnd('\r', ';');

    private static string FolderNamespace(string path)
    {
        string[] folders = path.Split('/')[..^1];
        int project = Array.FindIndex(folders, folder => folder.StartsWith("PolicyM2M.", StringComparison.Ordinal));
        return string.Join('.', folders[project..]);
    }
}
