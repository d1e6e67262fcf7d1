using System.Reflection;
using PolicyM2M.Solution.Tests.Assemblies;
using PolicyM2M.Testing;

namespace PolicyM2M.Solution.Tests;

/// <summary>What others can build on is a reviewed text: a change of it shows in the diff of a commit.</summary>
[TestFixture]
public sealed class PublicApiTests
{
    [TestCaseSource(nameof(Products))]
    public void The_public_API_is_the_one_that_was_reviewed(string product)
    {
        Assembly assembly = Assembly.LoadFrom(ProductAssembly.PathOf(product));
        // The wire types are generated from the .proto files, which buf checks for breaking changes.
        Snapshot.MatchNamed($"PublicApi.{product}", PublicApi.Print(assembly, type => type.Namespace != "PolicyM2M.Wire.V1"));
    }

    private static IEnumerable<string> Products => FloorPlan.Products.Keys;
}
