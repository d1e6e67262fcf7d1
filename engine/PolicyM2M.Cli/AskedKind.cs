using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>The kind of record that somebody looks for in a log: what happened, as the contract names it, or an import, which is a change of devices.</summary>
internal sealed class AskedKind
{
    private const string Import = "import";

    private static readonly Dictionary<AuditRecord.EventOneofCase, string> Names =
        AuditRecord.Descriptor.Oneofs.Single().Fields.ToDictionary(field => (AuditRecord.EventOneofCase)field.FieldNumber, field => field.Name.Replace('_', '-'));

    private readonly string _name;

    private AskedKind(string name) => _name = name;

    /// <summary>All there are.</summary>
    public static IEnumerable<string> All => [.. Names.Values, Import];

    /// <param name="name">One of <see cref="All"/>; null for any.</param>
    public static AskedKind? Of(string? name) => name is null ? null : new AskedKind(name);

    /// <summary>Whether a record is of it.</summary>
    public bool Is(AuditRecord record) => Names.GetValueOrDefault(record.EventCase) == _name || (_name == Import && record.DeviceChange?.Verb == Import);
}
