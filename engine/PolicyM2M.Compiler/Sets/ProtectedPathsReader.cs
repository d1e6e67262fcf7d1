using System.Collections.Immutable;
using System.Globalization;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Syntax;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.Sets;

/// <summary>Reads the section <c>protected</c> of a manifest.</summary>
internal static class ProtectedPathsReader
{
    /// <summary>More people than this sign no policy; a slip would stop every change.</summary>
    private const int MostSigners = 16;

    private static readonly string[] Keys = ["paths", "signers"];

    public static ImmutableArray<ProtectedPaths> Read(YamlNode value, SourceText manifest, IReadOnlyCollection<string> files, Faults faults)
    {
        if (value is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            faults.WrongValue(manifest, YamlText.SpanOf(value, manifest), "protected", "a list such as [{ paths: [baseline.m2m], signers: 2 }]");
            return [];
        }
        var read = ImmutableArray.CreateBuilder<ProtectedPaths>();
        foreach (YamlNode item in list.Children)
        {
            if (item is YamlMappingNode fields)
                read.Add(Section(fields, manifest, files, faults));
            else
                faults.WrongValue(manifest, YamlText.SpanOf(item, manifest), "protected", "a section such as { paths: [baseline.m2m], signers: 2 }");
        }
        return read.ToImmutable();
    }

    private static ProtectedPaths Section(YamlMappingNode fields, SourceText manifest, IReadOnlyCollection<string> files, Faults faults)
    {
        ImmutableArray<string> paths = [];
        int signers = MostSigners;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string key, _, YamlNode value) in YamlText.Entries(fields, manifest, faults, Keys))
        {
            seen.Add(key);
            if (key == "paths")
                paths = Paths(value, manifest, files, faults);
            else if (!int.TryParse((value as YamlScalarNode)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out signers) || signers is < 1 or > MostSigners)
                faults.WrongValue(manifest, YamlText.SpanOf(value, manifest), key, $"a number of people from 1 to {MostSigners}");
        }
        if (!seen.Contains("paths"))
            faults.MissingKey(manifest, YamlText.SpanOf(fields, manifest), "paths", "the files, or folders of files, that are protected");
        if (!seen.Contains("signers"))
            faults.MissingKey(manifest, YamlText.SpanOf(fields, manifest), "signers", "how many different signers a change of them takes");
        return new ProtectedPaths(paths, signers);
    }

    private static ImmutableArray<string> Paths(YamlNode value, SourceText manifest, IReadOnlyCollection<string> files, Faults faults)
    {
        if (value is not YamlSequenceNode { Children.Count: > 0 } list)
        {
            faults.WrongValue(manifest, YamlText.SpanOf(value, manifest), "paths", "a list of files and folders");
            return [];
        }
        var paths = ImmutableArray.CreateBuilder<string>();
        foreach (YamlNode item in list.Children)
        {
            if (!YamlText.TryText(item, "paths", manifest, faults, out string? path))
                continue;
            if (path.StartsWith('/') || path.Replace('\\', '/').Split('/').Contains(".."))
                faults.OutsideSet(manifest, YamlText.SpanOf(item, manifest), path);
            else if (!files.Any(file => ProtectedPaths.IsAt(path, file)))
                faults.NoSuchFile(manifest, YamlText.SpanOf(item, manifest), path, files);
            else
                paths.Add(path);
        }
        return paths.ToImmutable();
    }
}
