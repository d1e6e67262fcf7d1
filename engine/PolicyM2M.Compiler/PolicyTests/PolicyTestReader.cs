using System.Collections.Immutable;
using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>Reads a file of policy tests (<c>*.tests.yaml</c>).</summary>
internal sealed class PolicyTestReader
{
    private static readonly string[] Keys = ["now", "fixtures", "cases", "tables", "snapshots"];

    private readonly SourceText _source;
    private readonly Faults _faults;
    private readonly GivenReader _given;
    private readonly ExpectationReader _expectations;
    private readonly Dictionary<string, PolicyTest> _cases = new(StringComparer.Ordinal);
    private readonly List<SnapshotTest> _snapshots = [];
    private readonly IReadOnlyDictionary<string, SourceFile> _files;
    private DateTimeOffset _now;

    private PolicyTestReader(SourceText source, IReadOnlyDictionary<string, AttributeDefinition> attributes, IReadOnlyList<string>? rules, IReadOnlyDictionary<string, SourceFile> files, Faults faults)
    {
        _source = source;
        _faults = faults;
        _files = files;
        _given = new GivenReader(source, attributes, files, faults);
        _expectations = new ExpectationReader(source, rules, faults);
    }

    /// <summary>The tests of a file, as far as they can be read.</summary>
    /// <param name="source">The file.</param>
    /// <param name="attributes">The attributes of the policy set.</param>
    /// <param name="rules">The names of its rules; null where nobody knows them.</param>
    /// <param name="files">What its tests may name: contexts, by path.</param>
    /// <param name="faults">Where to report.</param>
    public static PolicyTestFile Read(
        SourceText source, IReadOnlyDictionary<string, AttributeDefinition> attributes, IReadOnlyList<string>? rules, IReadOnlyDictionary<string, SourceFile> files, Faults faults)
    {
        if (YamlText.Mapping(source, faults) is not { } root)
            return new PolicyTestFile([], []);
        var reader = new PolicyTestReader(source, attributes, rules, files, faults);
        reader.File(root);
        return new PolicyTestFile([.. reader._cases.Values], [.. reader._snapshots]);
    }

    private void File(YamlMappingNode root)
    {
        Dictionary<string, YamlNode> given = Entries(root, Keys);
        if (given.TryGetValue("now", out YamlNode? now))
            _now = Instant(now) ?? default;
        else if (!HaveOwnMoments(given))
            _faults.MissingKey(_source, new Span(0, 1), "now", "the moment for which all of this is decided, such as 2026-11-23T12:00Z");
        if (given.TryGetValue("fixtures", out YamlNode? fixtures))
            _given.Fixtures(fixtures);
        foreach (YamlNode item in List(given, "cases"))
            Case(item);
        foreach (YamlNode item in List(given, "tables"))
            Table(item);
        foreach (YamlNode item in List(given, "snapshots"))
            Snapshot(item);
        if (!given.Any(entry => entry.Key is "cases" or "tables" or "snapshots"))
            _faults.MissingKey(_source, new Span(0, 1), "cases", "what is tested; or `tables`, or `snapshots`");
    }

    /// <summary>Whether each case, table and snapshot says its own moment, and there is one.</summary>
    private static bool HaveOwnMoments(Dictionary<string, YamlNode> given)
    {
        YamlNode[] items = [.. given.Where(entry => entry.Key is "cases" or "tables" or "snapshots").SelectMany(entry => (entry.Value as YamlSequenceNode)?.Children ?? [])];
        return items.Length > 0 && items.All(item => item is YamlMappingNode mapping && mapping.Children.Keys.Any(key => (key as YamlScalarNode)?.Value == "now"));
    }

    private void Case(YamlNode item)
    {
        if (Mapping(item, "cases", ["name", "given", "now", "expect"]) is not { } entries || Text(item, entries, "name", "what the case shows") is not { } name)
            return;
        DeviceContext? context = entries.TryGetValue("given", out YamlNode? given) ? _given.Context(given) : DeviceContext.Empty;
        ImmutableArray<Expectation> expected = [];
        if (entries.TryGetValue("expect", out YamlNode? expect) && Mapping(expect, "expect", [.. DecisionKinds.All.Select(kind => kind.Name())]) is { } kinds)
            expected = [.. kinds.SelectMany(entry => DecisionKinds.TryParse(entry.Key, out DecisionKind kind) ? _expectations.Kind(kind, entry.Value) : [])];
        if (!entries.ContainsKey("expect") || expect is YamlMappingNode { Children.Count: 0 })
            _faults.AssertsNothing(_source, First(item), name);
        Add(name, item, context, Moment(entries), expected);
    }

    /// <summary>A case for each row: its cells are values of attributes, or expectations.</summary>
    private void Table(YamlNode item)
    {
        if (Mapping(item, "tables", ["name", "given", "now", "columns", "rows"]) is not { } entries || Text(item, entries, "name", "what the table shows") is not { } name)
            return;
        DeviceContext? shared = entries.TryGetValue("given", out YamlNode? given) ? _given.Context(given) : DeviceContext.Empty;
        YamlNode[] columns = [.. Required(item, entries, "columns", "the attributes and expectations, in the order of the cells")];
        if (columns.FirstOrDefault(column => column is not YamlScalarNode) is { } strange)
        {
            _faults.WrongValue(_source, YamlText.SpanOf(strange, _source), "columns", "the name of an attribute, or an expectation such as auth or auth.key-protection");
            return;
        }
        var isExpected = columns.Select(column => Column(((YamlScalarNode)column).Value ?? "")).ToList();
        CheckColumns(columns, isExpected);
        bool areListed = entries.TryGetValue("columns", out YamlNode? listed) && listed is YamlSequenceNode;
        if (areListed && !isExpected.Exists(column => column is not null))
            _faults.AssertsNothing(_source, First(item), name);
        int number = 0;
        if (entries.TryGetValue("rows", out YamlNode? rows) && rows is YamlSequenceNode { Children.Count: 0 })
            _faults.AssertsNothing(_source, First(item), name);
        foreach (YamlNode row in Required(item, entries, "rows", "the cells of each case"))
        {
            number++;
            if (row is not YamlSequenceNode sequence)
            {
                _faults.WrongValue(_source, YamlText.SpanOf(row, _source), "rows", "a list with a cell for each column");
                continue;
            }
            YamlNode[] cells = [.. sequence.Children];
            if (cells.Length != columns.Length)
            {
                _faults.RowOfOtherLength(_source, First(row), cells.Length, columns.Length);
                continue;
            }
            DeviceContext? context = shared;
            var expected = ImmutableArray.CreateBuilder<Expectation>();
            for (int i = 0; i < cells.Length; i++)
            {
                // An empty cell expects nothing, so that rows that are denied may stand beside those that have the field.
                if (isExpected[i] is not null && YamlText.IsNull(cells[i]))
                    continue;
                if (isExpected[i] is not { } column)
                    context = context is null ? null : _given.With(context, (YamlScalarNode)columns[i], cells[i]);
                else if (column.Key is { } key)
                    expected.AddRange(_expectations.Entry(column.Kind, key, YamlText.SpanOf(columns[i], _source), cells[i]));
                else
                    expected.AddRange(_expectations.Kind(column.Kind, cells[i]));
            }
            if (isExpected.Exists(column => column is not null) && cells.Where((_, i) => isExpected[i] is not null).All(YamlText.IsNull))
                _faults.AssertsNothing(_source, First(row), $"{name}, row {number}");
            Add($"{name}, row {number}", row, context, Moment(entries), expected.ToImmutable());
        }
    }

    /// <summary>A column stands once, and names what there is: also where its cells are empty, or there are none.</summary>
    private void CheckColumns(YamlNode[] columns, List<(DecisionKind Kind, string? Key)?> isExpected)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < columns.Length; i++)
        {
            string name = ((YamlScalarNode)columns[i]).Value ?? "";
            if (!seen.Add(name))
                _faults.GivenTwice(_source, YamlText.SpanOf(columns[i], _source), $"the column `{name}`");
            if (isExpected[i] is not { } column)
                _given.CheckName((YamlScalarNode)columns[i]);
            else if (column.Key is { } key)
                _expectations.CheckKey(column.Kind, key, YamlText.SpanOf(columns[i], _source));
        }
    }

    /// <summary>A column of expectations: <c>auth</c>, or <c>auth.key-protection</c>; null for an attribute's.</summary>
    private static (DecisionKind Kind, string? Key)? Column(string name)
    {
        string[] parts = name.Split('.', 2);
        return DecisionKinds.TryParse(parts[0], out DecisionKind kind) ? (kind, parts.ElementAtOrDefault(1)) : null;
    }

    private void Snapshot(YamlNode item)
    {
        if (Mapping(item, "snapshots", ["contexts", "file", "now"]) is not { } entries
            || Text(item, entries, "contexts", "the folder of the contexts") is not { } folder || Text(item, entries, "file", "the file of the accepted decisions") is not { } file)
        {
            return;
        }
        string prefix = folder.TrimEnd('/') + "/";
        var contexts = ImmutableArray.CreateBuilder<(string, DeviceContext)>();
        string[] paths = [.. _files.Keys.Where(path => path.StartsWith(prefix, StringComparison.Ordinal) && path.EndsWith(".json", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        foreach (string path in paths)
        {
            if (_given.FromFile(path, YamlText.SpanOf(entries["contexts"], _source)) is { } read)
                contexts.Add((path, read));
        }
        if (paths.Length == 0)
            _faults.NoContextFile(_source, YamlText.SpanOf(entries["contexts"], _source), prefix, "the policy set has no folder of this name with a `.json` file in it");
        bool isInside = !file.StartsWith('/') && !file.Replace('\\', '/').Split('/').Contains("..");
        if (!isInside)
            _faults.OutsideSet(_source, YamlText.SpanOf(entries["file"], _source), file);
        else if (!file.EndsWith(PolicyTestRun.SnapshotExtension, StringComparison.Ordinal))
            _faults.WrongValue(_source, YamlText.SpanOf(entries["file"], _source), "file", $"a path that ends with {PolicyTestRun.SnapshotExtension}");
        else
            _snapshots.Add(new SnapshotTest(file, _source.PositionOf(First(item)), contexts.ToImmutable(), Moment(entries)));
    }

    private void Add(string name, YamlNode node, DeviceContext? context, DateTimeOffset now, ImmutableArray<Expectation> expected)
    {
        if (context is not null && !_cases.TryAdd(name, new PolicyTest(name, _source.PositionOf(First(node)), context, now, expected)))
            _faults.CaseNamedTwice(_source, First(node), name);
    }

    private DateTimeOffset Moment(Dictionary<string, YamlNode> entries) => entries.TryGetValue("now", out YamlNode? own) ? Instant(own) ?? _now : _now;

    private DateTimeOffset? Instant(YamlNode node)
    {
        if (InstantText.TryParse((node as YamlScalarNode)?.Value, out long seconds))
            return DateTimeOffset.FromUnixTimeSeconds(seconds);
        _faults.WrongValue(_source, YamlText.SpanOf(node, _source), "now", "an instant such as 2026-11-23T12:00Z");
        return null;
    }

    private string? Text(YamlNode owner, Dictionary<string, YamlNode> entries, string key, string meaning)
    {
        if (!entries.TryGetValue(key, out YamlNode? value))
            _faults.MissingKey(_source, First(owner), key, meaning);
        else if (YamlText.TryText(value, key, _source, _faults, out string? text))
            return text;
        return null;
    }

    private IEnumerable<YamlNode> Required(YamlNode owner, Dictionary<string, YamlNode> entries, string key, string meaning)
    {
        if (!entries.ContainsKey(key))
            _faults.MissingKey(_source, First(owner), key, meaning);
        return List(entries, key);
    }

    private IEnumerable<YamlNode> List(Dictionary<string, YamlNode> entries, string key)
    {
        if (!entries.TryGetValue(key, out YamlNode? value))
            return [];
        if (value is YamlSequenceNode list)
            return list.Children;
        _faults.WrongValue(_source, YamlText.SpanOf(value, _source), key, "a list");
        return [];
    }

    private Dictionary<string, YamlNode>? Mapping(YamlNode node, string key, string[] known)
    {
        if (node is YamlMappingNode mapping)
            return Entries(mapping, known);
        _faults.WrongValue(_source, YamlText.SpanOf(node, _source), key, $"a mapping with {string.Join(", ", known)}");
        return null;
    }

    private Dictionary<string, YamlNode> Entries(YamlMappingNode mapping, string[] known) =>
        YamlText.Entries(mapping, _source, _faults, known).ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);

    private Span First(YamlNode node) => YamlText.SpanOf(node, _source) with { Length = 1 };
}
