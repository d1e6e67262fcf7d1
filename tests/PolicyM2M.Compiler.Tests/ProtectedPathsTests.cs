namespace PolicyM2M.Compiler.Tests;

/// <summary>Which files a manifest protects.</summary>
[TestFixture]
public sealed class ProtectedPathsTests
{
    private const string Manifest = "name: s\nattributes: s.attributes.yaml\npolicies: [a.m2m, sites/b.m2m, sites-old.m2m]\n";

    [TestCase("[a.m2m]", "a.m2m policyset.yaml")]
    [TestCase("[sites]", "policyset.yaml sites/b.m2m")]
    [TestCase("[sites/, a.m2m]", "a.m2m policyset.yaml sites/b.m2m")]
    [TestCase("[.]", "a.m2m policyset.yaml s.attributes.yaml sites-old.m2m sites/b.m2m")]
    public void A_path_names_a_file_or_a_folder_and_the_manifest_is_always_among_them(string paths, string covered)
    {
        IReadOnlyList<SourceFile> files = Files($"protected: [{{ paths: {paths}, signers: 3 }}]\n");

        ProtectedPaths read = PolicyCompiler.ReadProtectedPaths(files)!.Single();

        Assert.That(read.Signers, Is.EqualTo(3));
        Assert.That(string.Join(' ', files.Select(file => file.Path).Where(read.Covers).Order(StringComparer.Ordinal)), Is.EqualTo(covered));
    }

    [Test]
    public void A_manifest_that_protects_nothing_is_told_apart_from_one_that_nobody_can_read()
    {
        Assert.That(PolicyCompiler.ReadProtectedPaths(Files("")), Is.Empty);
        Assert.That(PolicyCompiler.ReadProtectedPaths(Files("protected: [{ paths: [a.m2m], signers: many }]\n")), Is.Null);
        Assert.That(PolicyCompiler.ReadProtectedPaths(Files("protected: [{\n")), Is.Null);
        Assert.That(PolicyCompiler.ReadProtectedPaths([]), Is.Null);
    }

    private static IReadOnlyList<SourceFile> Files(string section) =>
    [
        new("policyset.yaml", Manifest + section), new("s.attributes.yaml", "attributes:\n  risk: { type: int, provenance: registry, description: x }\n"),
        new("a.m2m", "policy a"), new("sites/b.m2m", "policy b"), new("sites-old.m2m", "policy c"),
    ];
}
