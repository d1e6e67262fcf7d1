using System.Text.RegularExpressions;
using PolicyM2M.Solution.Tests.Assemblies;

namespace PolicyM2M.Solution.Tests;

[TestFixture]
public sealed partial class FloorPlanTests
{
    [Test]
    public void Every_project_has_its_place_in_the_floor_plan() =>
        Assert.That(Repository.Projects().Where(project => FloorOf(project) is null).Select(project => project.Path), Is.Empty);

    [Test]
    public void The_floor_plan_has_no_cycle()
    {
        var built = new HashSet<string>();
        while (FloorPlan.Products.FirstOrDefault(p => !built.Contains(p.Key) && p.Value.Projects.All(built.Contains)).Key is { } next)
            built.Add(next);
        Assert.That(FloorPlan.Products.Keys.Except(built), Is.Empty);
    }

    [Test]
    public void Project_references_point_down_only() =>
        Assert.That(Offences(project => project.Projects.Except(FloorOf(project)?.Projects ?? [])), Is.Empty);

    [Test]
    public void Each_package_is_referenced_only_where_it_belongs() =>
        Assert.That(Offences(project => project.Packages.Except([.. FloorOf(project)?.Packages ?? [], .. FloorPlan.Everywhere])), Is.Empty);

    [Test]
    public void Of_what_is_shipped_only_the_decision_point_and_the_agent_see_AspNet() =>
        Assert.That(Offences(project => project.Frameworks
            .Concat(project.Sdk == "Microsoft.NET.Sdk" ? [] : new[] { project.Sdk })
            .Where(_ => FloorPlan.Products.ContainsKey(project.Name) && project.Name is not (FloorPlan.Pdp or FloorPlan.Agent))), Is.Empty);

    [TestCaseSource(nameof(ProductNames))]
    public void No_assembly_names_a_library_that_is_confined_elsewhere(string product)
    {
        string[] referenced = ProductAssembly.References(product);
        IEnumerable<string> offences = FloorPlan.Confined
            .Where(rule => !rule.Projects.Contains(product))
            .SelectMany(rule => referenced.Where(name => name.StartsWith(rule.Assembly, StringComparison.Ordinal)));
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void The_engine_needs_nothing_but_the_platform() =>
        Assert.That(ProductAssembly.References(FloorPlan.Engine), Is.All.StartsWith("System."));

    [Test]
    public void Every_project_is_in_the_solution_and_every_project_of_the_solution_is_there()
    {
        string[] listed = [.. SolutionProject().Matches(Repository.Read("PolicyM2M.sln")).Select(match => match.Groups[1].Value.Replace('\\', '/'))];
        Assert.That(listed, Is.EquivalentTo(Repository.Projects().Select(project => project.Path)));
    }

    [Test]
    public void Projects_under_tests_end_in_Tests_and_are_the_only_ones_that_do()
    {
        IEnumerable<string> offences = Repository.Projects()
            .Where(project => !FloorPlan.Workshop.ContainsKey(project.Name))
            .Where(project => project.IsTest != project.Path.StartsWith("tests/", StringComparison.Ordinal))
            .Select(project => project.Path);
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Every_product_has_a_project_of_tests() =>
        Assert.That(FloorPlan.Products.Keys.Select(product => $"{product}.Tests").Except(Repository.Projects().Select(project => project.Name)), Is.Empty);

    private static IEnumerable<string> ProductNames => FloorPlan.Products.Keys;

    private static Floor? FloorOf(ProjectFile project) =>
        project.IsTest ? FloorPlan.OfTests(project.Name)
        : FloorPlan.Products.GetValueOrDefault(project.Name) ?? FloorPlan.Workshop.GetValueOrDefault(project.Name);

    private static IEnumerable<string> Offences(Func<ProjectFile, IEnumerable<string>> find) =>
        Repository.Projects().SelectMany(project => find(project).Select(what => $"{project.Name} -> {what}"));

    [GeneratedRegex("^Project\\(.*?\\) = \"[^\"]*\", \"([^\"]*\\.csproj)\"", RegexOptions.Multiline)]
    private static partial Regex SolutionProject();
}
