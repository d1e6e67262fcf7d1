using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Sets;

/// <summary>A policy set whose files are told apart: the manifest's facts, the attribute schema, and the policies in order.</summary>
/// <param name="Name">The set's name.</param>
/// <param name="Attributes">The attribute schema; default where there is none that can be read, so that nothing can be said of the attributes of policies.</param>
/// <param name="Policies">The policies that can be read, in order.</param>
internal sealed record PolicySetSources(string Name, ImmutableArray<AttributeDefinition> Attributes, ImmutableArray<SourceText> Policies)
{
    /// <summary>The longest that a waiver may hold, in seconds; null where the manifest allows none.</summary>
    public long? LongestWaiver { get; init; }

    /// <summary>What takes several signers to change.</summary>
    public ImmutableArray<ProtectedPaths> Protected { get; init; } = [];
}

/// <summary>Reads the manifest and what it names.</summary>
internal static class PolicySetReader
{
    public const string Manifest = "policyset.yaml";
    public const string PolicyExtension = ".m2m";
    public const string YamlPolicyExtension = ".m2m.yaml";

    private static readonly string[] Keys = ["name", "attributes", "policies", "longest-waiver", "protected"];

    /// <summary>Whether a file of this path is a policy, in either spelling.</summary>
    public static bool IsPolicy(string path) => path.EndsWith(PolicyExtension, StringComparison.Ordinal) || path.EndsWith(YamlPolicyExtension, StringComparison.Ordinal);

    /// <summary>The set; null where there is no manifest that can be read. Every fault found on the way is reported.</summary>
    public static PolicySetSources? Read(IReadOnlyList<SourceFile> files, Faults faults)
    {
        // Of a path given twice the first counts: a caller that reads a folder or a Git tree cannot give one twice.
        var byPath = new SortedDictionary<string, SourceFile>(StringComparer.Ordinal);
        foreach (SourceFile file in files)
            byPath.TryAdd(file.Path, file);
        foreach (SourceFile file in byPath.Values.Where(file => file.Unreadable is not null))
            faults.Unreadable(file);
        if (!byPath.TryGetValue(Manifest, out SourceFile? manifestFile))
        {
            faults.NoManifest(Manifest);
            return null;
        }
        var manifest = new SourceText(manifestFile);
        if (manifestFile.Unreadable is not null)
            return null;
        if (YamlText.Mapping(manifest, faults) is not { } root)
            return null;

        string name = "";
        ImmutableArray<AttributeDefinition> attributes = default;
        long? longestWaiver = null;
        ImmutableArray<ProtectedPaths> protectedPaths = [];
        bool hasList = false;
        var policies = ImmutableArray.CreateBuilder<SourceText>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string key, _, YamlNode value) in YamlText.Entries(root, manifest, faults, Keys))
        {
            seen.Add(key);
            switch (key)
            {
                case "name" when YamlText.TryText(value, key, manifest, faults, out string? text):
                    name = text;
                    break;
                case "attributes" when File(value, key) is { } schema:
                    attributes = AttributeSchemaReader.Read(schema, faults);
                    break;
                case "longest-waiver":
                    if (DurationText.TryParse((value as YamlScalarNode)?.Value, out long longest) && longest > 0)
                        longestWaiver = longest;
                    else
                        faults.WrongValue(manifest, YamlText.SpanOf(value, manifest), key, "a duration such as 90d");
                    break;
                case "protected":
                    protectedPaths = ProtectedPathsReader.Read(value, manifest, byPath.Keys, faults);
                    break;
                case "policies":
                    hasList = value is YamlSequenceNode { Children.Count: > 0 };
                    policies.AddRange(Policies(value));
                    break;
            }
        }
        Missing("name", "the name of the policy set");
        Missing("attributes", "the path of the attribute schema");
        Missing("policies", "the paths of the policies, in the order of their preferences");

        foreach ((string path, SourceFile file) in byPath)
        {
            // Where there is no list, that is the fault, and not that each policy is missing from it.
            if (hasList && file.Unreadable is null && IsPolicy(path) && !policies.Any(policy => policy.Path == path))
                faults.NotListed(new SourceText(file), Manifest);
        }
        return new PolicySetSources(name, attributes, policies.ToImmutable()) { LongestWaiver = longestWaiver, Protected = protectedPaths };

        void Missing(string key, string meaning)
        {
            if (!seen.Contains(key))
                faults.MissingKey(manifest, new Span(0, 1), key, meaning);
        }

        SourceText? File(YamlNode value, string key)
        {
            if (!YamlText.TryText(value, key, manifest, faults, out string? path))
                return null;
            if (byPath.TryGetValue(path, out SourceFile? file))
                return file.Unreadable is null ? new SourceText(file) : null;
            if (path.StartsWith('/') || path.Replace('\\', '/').Split('/').Contains(".."))
                faults.OutsideSet(manifest, YamlText.SpanOf(value, manifest), path);
            else
                faults.NoSuchFile(manifest, YamlText.SpanOf(value, manifest), path, byPath.Keys);
            return null;
        }

        IEnumerable<SourceText> Policies(YamlNode value)
        {
            if (value is not YamlSequenceNode { Children.Count: > 0 } list)
            {
                faults.WrongValue(manifest, YamlText.SpanOf(value, manifest), "policies", "a list of paths with at least one, such as [baseline.m2m]");
                yield break;
            }
            var listed = new HashSet<string>(StringComparer.Ordinal);
            foreach (YamlNode item in list.Children)
            {
                if (File(item, "policies") is not { } policy)
                    continue;
                if (listed.Add(policy.Path))
                    yield return policy;
                else
                    faults.GivenTwice(manifest, YamlText.SpanOf(item, manifest), $"the policy `{policy.Path}`");
            }
        }
    }
}
