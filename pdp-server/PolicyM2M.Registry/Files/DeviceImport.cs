using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Registry.Files;

/// <summary>A device of a file that can be written.</summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Id">Its id.</param>
/// <param name="Change">What to write.</param>
public sealed record ImportedDevice(int Line, string Id, DeviceChange.Upsert Change);

/// <summary>What a file of devices says: the devices that can be written, and everything that cannot.</summary>
/// <param name="Devices">The good ones, in the order of the file.</param>
/// <param name="Faults">What is wrong, by position; a device with a fault is not among the good ones.</param>
/// <param name="Warnings">What will do nothing, by position.</param>
public sealed record DeviceImport(ImmutableArray<ImportedDevice> Devices, ImmutableArray<ImportFault> Faults, ImmutableArray<ImportFault> Warnings)
{
    /// <summary>The largest file.</summary>
    public const int MaximumBytes = 64 << 20;

    private const char BetweenTexts = ';';

    /// <summary>Reads a file. Never throws for what is in it.</summary>
    /// <param name="bytes">The file, as UTF-8.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="decider">The policies whose attribute schema gives values their types.</param>
    public static DeviceImport Read(byte[] bytes, ImportFormat format, Decider decider)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentNullException.ThrowIfNull(decider);
        List<ImportFault> faults = [], warnings = [];
        if (bytes.AsSpan().StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        List<ImportRow> rows = [];
        if (FaultOfEncoding(bytes) is { } fault)
            faults.Add(fault);
        else
            rows = format == ImportFormat.Csv ? CsvRows.Read(Encoding.UTF8.GetString(bytes), faults) : JsonRows.Read(bytes, faults);
        // A file whose header is wrong would give the same fault for each of its lines.
        ImmutableArray<ImportedDevice> devices = format == ImportFormat.Csv && faults.Exists(found => found.Line == 1) ? [] : Judge(rows, decider, faults, warnings);
        return new DeviceImport(devices, Sorted(faults), Sorted(warnings));
    }

    private static ImmutableArray<ImportFault> Sorted(List<ImportFault> faults) => [.. faults.OrderBy(fault => fault.Line).ThenBy(fault => fault.Column)];

    private static ImportFault? FaultOfEncoding(byte[] bytes)
    {
        try
        {
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetCharCount(bytes);
            return null;
        }
        catch (DecoderFallbackException malformed)
        {
            int at = Math.Max(malformed.Index, 0);
            int line = bytes.AsSpan(0, at).Count((byte)'\n') + 1;
            return new ImportFault(line, at - bytes.AsSpan(0, at).LastIndexOf((byte)'\n'), "there is a byte that is no UTF-8; expected the file in UTF-8");
        }
    }

    private static ImmutableArray<ImportedDevice> Judge(List<ImportRow> rows, Decider decider, List<ImportFault> faults, List<ImportFault> warnings)
    {
        ImmutableArray<ImportedDevice>.Builder devices = ImmutableArray.CreateBuilder<ImportedDevice>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        // Said once for each attribute, and not for each of a hundred thousand devices.
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        foreach (ImportRow row in rows)
        {
            List<ImportFault> wrong = [];
            string? id = IdOf(row, row.IsFaulty ? [] : wrong);
            if (id is not null && !lines.TryAdd(id, row.Line))
                wrong.Add(new ImportFault(row.Line, row.Column, $"`{id}` is the device of line {lines[id]} already; expected each device once"));
            if (row.IsFaulty)
            {
                faults.AddRange(wrong);
                continue;
            }
            DeviceChange.Upsert change = ChangeOf(row, decider, wrong, name => unknown.Add(name), warnings);
            if (wrong.Count == 0)
                devices.Add(new ImportedDevice(row.Line, id!, change));
            faults.AddRange(wrong);
        }
        return devices.ToImmutable();
    }

    private static string? IdOf(ImportRow row, List<ImportFault> wrong)
    {
        ImportField field = row.Fields.Find(field => field.Name == AttributeNames.Id);
        string? said = field.Value switch { string text => text.Trim(), AttributeValue { Kind: AttributeValueKind.Text } value => value.Text, _ => null };
        string? fault = (row.Id ?? said) is not { } id ? $"the device has no `{AttributeNames.Id}`"
            : said is not null && said != id ? $"`{AttributeNames.Id}` is `{DeviceRules.Printable(said)}`, and the device stands under `{DeviceRules.Printable(id)}`"
            : DeviceRules.FaultOfId(id);
        if (fault is null)
            return row.Id ?? said;
        wrong.Add(field.Name is null ? new ImportFault(row.Line, row.Column, fault) : new ImportFault(field.Line, field.Column, fault));
        return null;
    }

    private static DeviceChange.Upsert ChangeOf(ImportRow row, Decider decider, List<ImportFault> wrong, Func<string, bool> isFirst, List<ImportFault> warnings)
    {
        if (row.Fields.Count > DeviceRules.MaximumAttributes)
            wrong.Add(new ImportFault(row.Line, row.Column, $"there are more than {DeviceRules.MaximumAttributes} attributes; expected at most so many"));
        var values = new Dictionary<string, AttributeValue>(StringComparer.Ordinal);
        var places = new Dictionary<string, ImportField>(StringComparer.Ordinal);
        foreach (ImportField field in row.Fields.Where(field => field.Name != AttributeNames.Id))
        {
            string? fault = DeviceRules.FaultOfName(field.Name);
            AttributeValue value = default;
            if (fault is null)
                fault = field.Value is string text ? Typed(field.Name, text.Trim(), decider, out value) : null;
            value = field.Value is AttributeValue given ? given : value;
            fault ??= FaultOfColumn(field.Name, value) ?? DeviceRules.FaultOfValue(field.Name, value);
            if (fault is null)
                (values[field.Name], places[field.Name]) = (value, field);
            else
                wrong.Add(new ImportFault(field.Line, field.Column, fault));
        }
        foreach ((string name, string? expected) in DeviceRules.Review(decider, DeviceContext.Of(values)))
        {
            ImportField field = places[name];
            if (expected is not null)
                wrong.Add(new ImportFault(field.Line, field.Column, $"`{name}` is {DeviceRules.Printable(values[name].ToString())}; {expected}"));
            else if (isFirst(name))
                warnings.Add(new ImportFault(field.Line, field.Column, $"the policies know no attribute `{name}`, so it does nothing; the first of its uses is here"));
        }
        LifecycleState? state = values.TryGetValue(AttributeNames.State, out AttributeValue word) && LifecycleStates.TryParse(word.Text, out LifecycleState known) ? known : null;
        return new DeviceChange.Upsert(state,
            values.TryGetValue(AttributeNames.Site, out AttributeValue site) ? site.Text : null,
            values.TryGetValue(AttributeNames.Risk, out AttributeValue risk) ? (int)risk.Integer : null,
            DeviceAttributes.Of(values.Where(value => !AttributeNames.IsColumn(value.Key))));
    }

    /// <summary>A text of a format without types, as the schema types it; the fault where it cannot be.</summary>
    private static string? Typed(string name, string text, Decider decider, out AttributeValue value)
    {
        AttributeType? type = name == AttributeNames.Risk ? AttributeType.Int : decider.Bundle.Attributes.TryGetValue(name, out AttributeDefinition? definition) ? definition.Type : null;
        value = AttributeValue.Of(text);
        switch (type)
        {
            case AttributeType.Bool when text is "true" or "false":
                value = AttributeValue.Of(text == "true");
                return null;
            case AttributeType.Bool:
                return $"`{name}` is `{DeviceRules.Printable(text)}`; expected true or false";
            case AttributeType.Int when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number):
                value = AttributeValue.Of(number);
                return null;
            case AttributeType.Int:
                return $"`{name}` is `{DeviceRules.Printable(text)}`; expected a whole number";
            case AttributeType.Set:
                value = AttributeValue.Of(text.Split(BetweenTexts, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
                return null;
            default:
                return null;
        }
    }

    private static string? FaultOfColumn(string name, AttributeValue value) => name switch
    {
        AttributeNames.State when !LifecycleStates.TryParse(value.Text, out _) => $"`{name}` is {DeviceRules.Printable(value.ToString())}; expected one of {string.Join(", ", LifecycleStates.All)}",
        AttributeNames.Site when value.Kind != AttributeValueKind.Text => $"`{name}` is {DeviceRules.Printable(value.ToString())}; expected a text",
        AttributeNames.Risk when value.Kind != AttributeValueKind.Integer => $"`{name}` is {DeviceRules.Printable(value.ToString())}; expected a whole number from 0 to {DeviceRules.MaximumRisk}",
        AttributeNames.Risk => DeviceRules.FaultOfRisk(value.Integer),
        _ => null,
    };
}
