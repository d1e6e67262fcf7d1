using System.Text.RegularExpressions;

namespace PolicyM2M.Solution.Tests;

/// <summary>Rules of the house that no compiler knows. Each failure lists every offender.</summary>
[TestFixture]
public sealed partial class HouseRuleTests
{
    private const int LongestFile = 400;

    /// <summary>Two halves of a wide screen. Tests hold data in lines, which a fold makes no clearer.</summary>
    private const int LongestLine = 220;

    private static readonly string[] TextEndings =
        [".cs", ".csproj", ".props", ".targets", ".sln", ".json", ".yaml", ".yml", ".md", ".proto", ".m2m", ".txt", ".mjs", ".svg", ".config", "run"];

    [Test]
    public void Nothing_that_a_build_makes_is_committed() =>
        Assert.That(Repository.TrackedFiles().Where(path => BuildProduct().IsMatch(path)), Is.Empty);

    [Test]
    public void No_file_of_source_is_longer_than_somebody_can_read()
    {
        IEnumerable<string> offences = Repository.TrackedFiles()
            .Where(path => path.EndsWith(".cs", StringComparison.Ordinal))
            .Select(path => (path, lines: Repository.Read(path).Count(c => c == '\n')))
            .Where(file => file.lines > LongestFile)
            .Select(file => $"{file.path}: {file.lines} lines");
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void No_line_of_a_product_is_longer_than_a_screen_is_wide()
    {
        IEnumerable<string> offences = Repository.TrackedFiles()
            .Where(path => path.EndsWith(".cs", StringComparison.Ordinal) && !path.StartsWith("tests/", StringComparison.Ordinal))
            .SelectMany(path => Repository.Read(path).Split('\n').Select((line, i) => (path, number: i + 1, line.Length)))
            .Where(line => line.Length > LongestLine)
            .Select(line => $"{line.path}:{line.number}: {line.Length} columns");
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void No_path_of_one_machine_and_no_package_registry_is_named_in_a_file()
    {
        IEnumerable<string> offences = TextFiles().SelectMany(path => MachinePath().Matches(Repository.Read(path)).Select(match => $"{path}: {match.Value}"));
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Nothing_but_another_system_skips_a_test_unnoticed()
    {
        IEnumerable<string> offences = Repository.TrackedFiles()
            .Where(path => path.EndsWith(".cs", StringComparison.Ordinal) && path.StartsWith("tests/", StringComparison.Ordinal) && Path.GetFileName(path) != "Requirement.cs")
            .SelectMany(path => Skipped().Matches(Repository.Read(path)).Select(match => $"{path}: {match.Value}"))
            .Where(line => !line.Contains("Linux", StringComparison.Ordinal) && !line.Contains("Windows", StringComparison.Ordinal));
        Assert.That(offences, Is.Empty, "what a machine lacks is said by Requirement, and fails where all is required");
    }

    [Test]
    public void No_received_snapshot_is_committed() =>
        Assert.That(Repository.TrackedFiles().Where(path => path.Contains(".received.", StringComparison.Ordinal)), Is.Empty);

    [Test]
    public void Every_verified_snapshot_has_its_test()
    {
        IEnumerable<string> offences = Repository.TrackedFiles()
            .Where(path => path.EndsWith(".verified.txt", StringComparison.Ordinal))
            .Where(path => !Path.GetFileName(path).StartsWith("PublicApi.", StringComparison.Ordinal) && !HasTest(path));
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Every_file_of_text_ends_its_lines_as_Unix_does_and_has_no_byte_order_mark()
    {
        IEnumerable<string> offences = TextFiles()
            // Broken policies are kept broken, and Visual Studio wants its mark in a solution.
            .Where(path => !path.Contains("/cases/", StringComparison.Ordinal) && !path.EndsWith(".sln", StringComparison.Ordinal))
            .Where(path => File.ReadAllBytes(Path.Combine(Repository.Root, path)) is var bytes && (bytes.Contains((byte)'\r') || bytes is [0xEF, 0xBB, 0xBF, ..]));
        Assert.That(offences, Is.Empty);
    }

    private static IEnumerable<string> TextFiles() =>
        Repository.TrackedFiles().Where(path => TextEndings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)));

    /// <summary>A snapshot is called after its class and method, and lies beside them.</summary>
    private static bool HasTest(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        string[] name = Path.GetFileName(path).Split('.', 2);
        string method = name[1][..^".verified.txt".Length];
        return Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs").Select(File.ReadAllText)
            .Any(source => source.Contains($"class {name[0]}", StringComparison.Ordinal)
                && MethodName().Matches(source).Any(match => method == match.Value || method.StartsWith($"{match.Value}_", StringComparison.Ordinal)));
    }

    [GeneratedRegex(@"(^|/)(bin|obj|node_modules|TestResults|\.policym2m)/|\.(g|g\.i)\.cs$|\.(dll|exe|pdb|nupkg|pem|key|pfx)$")]
    private static partial Regex BuildProduct();

    [GeneratedRegex(@"Assert\.(Ignore|Inconclusive)\(.*")]
    private static partial Regex Skipped();

    // Written so that this line does not match itself.
    [GeneratedRegex(@"/(?:root|work|home)/[\w.-]+|[A-Z]:\\Users\\|registry[.](?:npmjs|yarnpkg)[.]|api[.]nuget[.]org|\bnuget[.]org|pypi[.]org")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b[A-Z]\w*(?=\()")]
    private static partial Regex MethodName();
}
