using PolicyM2M.Compiler.Diagnostics;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Contexts;
using YamlDotNet.RepresentationModel;

namespace PolicyM2M.Compiler.PolicyTests;

/// <summary>Reads the contexts of tests: made of fixtures, of files, and of single values.</summary>
internal sealed class GivenReader(SourceText source, IReadOnlyDictionary<string, AttributeDefinition> attributes, IReadOnlyDictionary<string, SourceFile> files, Faults faults)
{
    /// <summary>Fixtures are made of fixtures; reading them is recursive.</summary>
    private const int MaximumDepth = 64;

    private const string Like = "like";
    private const string FromPath = "file";

    private readonly Dictionary<string, YamlNode> _fixtures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DeviceContext?> _read = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);

    /// <summary>Takes the fixtures of the file; those that nothing uses are checked too.</summary>
    public void Fixtures(YamlNode node)
    {
        if (node is not YamlMappingNode mapping)
        {
            faults.WrongValue(source, YamlText.SpanOf(node, source), "fixtures", "a mapping of names to contexts");
            return;
        }
        foreach ((string name, _, YamlNode value) in YamlText.Entries(mapping, source, faults, known: null))
            _fixtures[name] = value;
        foreach (string name in _fixtures.Keys)
            Fixture(name, _fixtures[name]);
    }

    /// <summary>A context: a fixture's name, or a mapping of attributes with <c>like</c> or <c>file</c> to begin with. Null, with a fault, where it is none.</summary>
    public DeviceContext? Context(YamlNode node)
    {
        if (node is YamlScalarNode { Value: { Length: > 0 } name })
            return Fixture(name, node);
        if (node is not YamlMappingNode mapping)
        {
            faults.WrongValue(source, YamlText.SpanOf(node, source), "given", "a fixture's name, or a mapping such as { like: plc, posture.risk: 80 }");
            return null;
        }
        DeviceContext? context = DeviceContext.Empty;
        foreach ((string key, _, YamlNode value) in YamlText.Entries(mapping, source, faults, known: null).OrderBy(entry => entry.Key is not (Like or FromPath)))
        {
            DeviceContext? begun = key switch
            {
                Like => Fixture((value as YamlScalarNode)?.Value ?? "", value),
                FromPath => FromFile((value as YamlScalarNode)?.Value ?? "", YamlText.SpanOf(value, source)),
                _ => context,
            };
            context = begun is null || context is null ? null : key is Like or FromPath ? DeviceContext.Of([.. context.Values, .. begun.Values]) : context;
        }
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key is YamlScalarNode { Value: not (Like or FromPath) } attribute)
                context = With(context ?? DeviceContext.Empty, attribute, value) is { } more && context is not null ? more : null;
        }
        return context;
    }

    /// <summary>A context with one value more, or with one less where it is null.</summary>
    public DeviceContext? With(DeviceContext context, YamlScalarNode name, YamlNode value)
    {
        if (CheckName(name) is not { } attribute)
            return null;
        if (YamlText.IsNull(value))
            return context.Where(known => known != attribute.Name);
        if (YamlAttributeValue.Read(value, attribute) is { } usable)
            return context.With(attribute.Name, usable);
        faults.UnusableTestValue(source, YamlText.SpanOf(value, source), attribute, YamlAttributeValue.Expected(attribute));
        return null;
    }

    /// <summary>The attribute of that name; null, with a fault, where there is none.</summary>
    public AttributeDefinition? CheckName(YamlScalarNode name)
    {
        if (attributes.TryGetValue(name.Value ?? "", out AttributeDefinition? attribute))
            return attribute;
        faults.UnknownTestAttribute(source, YamlText.SpanOf(name, source), name.Value ?? "", attributes.Keys);
        return null;
    }

    /// <summary>The context of a file of the policy set.</summary>
    public DeviceContext? FromFile(string path, Span at)
    {
        string? error = null;
        if (!files.TryGetValue(path, out SourceFile? file))
            error = "the policy set has no such file";
        else if (file.Unreadable is { } reason)
            error = reason;
        else if (DeviceContext.TryParseJson(file.Text, out DeviceContext? context, out error))
            return context;
        faults.NoContextFile(source, at, path, error!);
        return null;
    }

    private DeviceContext? Fixture(string name, YamlNode use)
    {
        if (_read.TryGetValue(name, out DeviceContext? read))
            return read;
        if (!_fixtures.TryGetValue(name, out YamlNode? node))
        {
            faults.UnknownFixture(source, YamlText.SpanOf(use, source), name, _fixtures.Keys);
            return null;
        }
        if (!_open.Add(name))
        {
            faults.FixtureOfItself(source, YamlText.SpanOf(use, source), name);
            return null;
        }
        if (_open.Count > MaximumDepth)
            faults.TooDeep(source, YamlText.SpanOf(use, source), MaximumDepth, "one fixture is like another too often: write the first of them out");
        DeviceContext? context = _open.Count > MaximumDepth ? null : Context(node);
        _open.Remove(name);
        return _read[name] = context;
    }
}
