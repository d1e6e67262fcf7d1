using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using PolicyM2M.Audit.Storage;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>
/// Reads options from a file: a YAML mapping of names to values, where an option that may be repeated has a list of them. Read event by event, so that each value has its place and nothing
/// that is nested deeply is built up; anchors and aliases have no use here and are refused.
/// </summary>
internal sealed class SettingsFile
{
    private const long MaximumBytes = 1 << 20;

    /// <summary>Options nest once. The reader's work grows with the square of the depth, so it must end somewhere.</summary>
    private const int MaximumNesting = 16;

    private readonly string _path;
    private readonly OptionNames _names;
    private readonly List<string> _faults;
    private readonly List<Setting> _settings = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    private SettingsFile(string path, OptionNames names, List<string> faults) => (_path, _names, _faults) = (path, names, faults);

    /// <summary>What the file says; what is wrong with it goes to <paramref name="faults"/>.</summary>
    public static IReadOnlyList<Setting> Read(string path, OptionNames names, List<string> faults)
    {
        var file = new SettingsFile(path, names, faults);
        // That is said where all files are looked for.
        if (!File.Exists(path))
            return [];
        try
        {
            file.ReadMapping(new Parser(new StringReader(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(OrdinaryFile.Read(path, MaximumBytes)))));
        }
        catch (YamlException malformed)
        {
            file.Fault(malformed.Start, $"no YAML: {malformed.Message}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{SettingsOptions.FileName}: `{path}` cannot be read: {(fault is ArgumentException ? "it is no UTF-8" : FaultText.Of(fault))}");
        }
        catch (InvalidOperationException)
        {
            // The library's own, for some slips of syntax.
            faults.Add($"{SettingsOptions.FileName}: `{path}` is no YAML; is a bracket or a quote left open?");
        }
        return file._settings;
    }

    private void ReadMapping(Parser yaml)
    {
        yaml.Consume<StreamStart>();
        // Without a document nothing is said, as where every line is a comment.
        if (yaml.TryConsume<StreamEnd>(out _))
            return;
        yaml.Consume<DocumentStart>();
        if (!yaml.TryConsume<MappingStart>(out _))
        {
            if (yaml.Current is not Scalar { Value: "" })
                Fault(yaml.Current!.Start, "expected options, such as `listen: 0.0.0.0:8443`");
            return;
        }
        while (!yaml.TryConsume<MappingEnd>(out _))
            ReadEntry(yaml);
        yaml.Consume<DocumentEnd>();
        if (!yaml.TryConsume<StreamEnd>(out _))
            Fault(yaml.Current!.Start, "expected one document");
    }

    private void ReadEntry(Parser yaml)
    {
        if (!yaml.TryConsume<Scalar>(out Scalar? key))
        {
            Fault(yaml.Current!.Start, "expected the name of an option");
            Skip(yaml);
            Skip(yaml);
            return;
        }
        Option? option = _names.OfKey(key.Value);
        if (option is null)
            Fault(key.Start, _names.UnknownKey(key.Value));
        else if (!_seen.Add(key.Value))
            Fault(key.Start, $"`{key.Value}` is there twice");
        Mark place = yaml.Current!.Start;
        if (option is null)
            Skip(yaml);
        else if (ReadValues(yaml, option) is { } values)
            _settings.Add(new Setting(option.Name, values, $"{_path}:{place.Line}:{place.Column}"));
    }

    private ImmutableArray<string>? ReadValues(Parser yaml, Option option)
    {
        if (!yaml.TryConsume<SequenceStart>(out SequenceStart? list))
            return ReadValue(yaml, option) is { } value ? [value] : null;
        ImmutableArray<string>.Builder values = ImmutableArray.CreateBuilder<string>();
        bool isGood = OptionNames.IsRepeated(option);
        if (!isGood)
            Fault(list.Start, $"{OptionNames.Key(option)}: expected one value, not a list");
        while (!yaml.TryConsume<SequenceEnd>(out _))
        {
            if (ReadValue(yaml, option) is { } value)
                values.Add(value);
            else
                isGood = false;
        }
        return isGood ? values.ToImmutable() : null;
    }

    private string? ReadValue(Parser yaml, Option option)
    {
        Mark place = yaml.Current!.Start;
        if (yaml.TryConsume<Scalar>(out Scalar? value) && value is { Value.Length: > 0, Anchor.IsEmpty: true })
            return value.Value;
        if (value is null)
            Skip(yaml);
        Fault(place, $"{OptionNames.Key(option)}: expected a value");
        return null;
    }

    /// <summary>Passes over what should not be there, whatever is in it.</summary>
    private static void Skip(Parser yaml)
    {
        int depth = 0;
        do
        {
            ParsingEvent passed = yaml.Consume<ParsingEvent>();
            depth += passed.NestingIncrease;
            if (depth > MaximumNesting)
                throw new YamlException(passed.Start, passed.End, $"nested more than {MaximumNesting} deep");
        }
        while (depth > 0);
    }

    private void Fault(Mark place, string message) => _faults.Add($"{_path}:{place.Line}:{place.Column}: {message}");
}
