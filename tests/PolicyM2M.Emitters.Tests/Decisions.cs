using System.Text.Json;
using PolicyM2M.Compiler;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests;

/// <summary>A decision on cipher suites that a test emits.</summary>
/// <param name="Name">What the test's name says of it.</param>
/// <param name="Outcome">The outcome.</param>
internal sealed record NamedDecision(string Name, Outcome Outcome)
{
    public override string ToString() => Name;

    /// <summary>Whether the decision itself allows a handshake of this kind; what is null is not asked.</summary>
    public bool Allows(string version, string? suite = null, string? group = null, string? scheme = null) =>
        Has(Field.Versions, version) && Has(Field.Suites, suite) && Has(Field.Groups, group) && Has(Field.Signatures, scheme);

    private bool Has(Field field, string? name) => name is null || Outcome[field] is not FieldValue.Names names || names.Items.Contains(name);
}

/// <summary>All that the shipped policies can grant, and the profiles of others that were read in their own files.</summary>
internal static class Decisions
{
    private static readonly Lazy<Compilation> Policies = new(() =>
    {
        string folder = Path.Combine(ProjectFolder.RepositoryRootOf(typeof(Decisions).Assembly), "policies");
        return PolicyCompiler.Compile([
            .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
                .Where(path => Path.GetExtension(path) is ".m2m" or ".yaml" or ".json")
                .Select(path => new SourceFile(Path.GetRelativePath(folder, path), File.ReadAllText(path))),
        ]);
    });

    /// <summary>Each outcome on cipher suites that a case of the shipped policies grants, once.</summary>
    public static IReadOnlyList<NamedDecision> Shipped { get; } = [.. Granted(DecisionKind.CipherSuites).Select(rule => new NamedDecision($"{rule.Policy} {rule.Label}", WithOmissions(rule)))];

    /// <summary>Each outcome on authentication that a case of the shipped policies grants, once.</summary>
    public static IReadOnlyList<NamedDecision> ShippedAuth { get; } = [.. Granted(DecisionKind.Auth).Select(rule => new NamedDecision($"{rule.Policy} {rule.Label}", rule.Says))];

    /// <summary>The profiles of others, of Data/profiles.json.</summary>
    public static IReadOnlyList<NamedDecision> OfOthers { get; } = ReadProfiles();

    public static IEnumerable<NamedDecision> All => Shipped.Concat(OfOthers);

    public static Outcome Denied { get; } = Outcome.Deny(DecisionKind.CipherSuites, "quarantined \"devices\"\nget */ no channel");

    /// <summary>An outcome on cipher suites.</summary>
    public static Outcome Of(string[] versions, string[] suites, string[]? groups = null, string[]? signatures = null, bool noResumption = false, long? lifetime = null)
    {
        List<(Field, FieldValue)> values = [(Field.Versions, Names(versions)), (Field.Suites, Names(suites)), (Field.EarlyData, new FieldValue.Level(1, "forbidden"))];
        if (groups is not null)
            values.Add((Field.Groups, Names(groups)));
        if (signatures is not null)
            values.Add((Field.Signatures, Names(signatures)));
        if (noResumption)
            values.Add((Field.Resumption, new FieldValue.Level(1, "forbidden")));
        if (lifetime is { } seconds)
            values.Add((Field.SessionLifetime, new FieldValue.Duration(seconds)));
        return Outcome.Allow(DecisionKind.CipherSuites, values);
    }

    /// <summary>An outcome on authentication.</summary>
    public static Outcome Mutual(params string[] methods) => Outcome.Allow(DecisionKind.Auth,
        [(Field.Mutual, new FieldValue.Level(1, "required")), (Field.Methods, Names(methods.Length > 0 ? methods : ["x509"]))]);

    private static IEnumerable<Rule> Granted(DecisionKind kind) => Policies.Value.Bundle!.Rules.Where(rule => rule.Kind == kind && rule.IsCase && !rule.Says.IsDenied).DistinctBy(rule => rule.Says);

    private static Outcome WithOmissions(Rule rule) =>
        rule.Says[Field.EarlyData] is null ? Outcome.Allow(rule.Kind, [.. rule.Says.Values, (Field.EarlyData, Field.EarlyData.WhenUnstated!)]) : rule.Says;

    private static FieldValue.Names Names(params string[] names) => new([.. names]);

    private static NamedDecision[] ReadProfiles()
    {
        using Stream stream = typeof(Decisions).Assembly.GetManifestResourceStream("profiles.json")!;
        using var document = JsonDocument.Parse(stream);
        return
        [
            .. document.RootElement.EnumerateArray().Select(profile => new NamedDecision(profile.GetProperty("id").GetString()!,
                Of(Strings(profile, "versions")!, Strings(profile, "suites")!, Strings(profile, "groups"), Strings(profile, "signatures")))),
        ];

        static string[]? Strings(JsonElement profile, string name) =>
            profile.GetProperty(name) is var list && list.GetArrayLength() == 0 ? null : [.. list.EnumerateArray().Select(item => item.GetString()!)];
    }
}
