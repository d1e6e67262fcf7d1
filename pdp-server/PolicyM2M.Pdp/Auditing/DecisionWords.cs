using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;
using AttributeValue = PolicyM2M.Engine.Contexts.AttributeValue;
using Decision = PolicyM2M.Engine.Decision;
using Region = PolicyM2M.Engine.Regions.Region;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>
/// What the audit log says of the decisions of one request, all but the record's number and time: the same request that is answered in the same way is described by the same bytes. They are made when
/// they are first written, on the log's own task.
/// </summary>
internal sealed class DecisionWords
{
    /// <summary>With values and many rules a record could be longer than one may be; then it says less, and never nothing.</summary>
    private const int LongestRecord = 60_000;
    private const int FewestRules = 32;

    /// <summary>A decision and a region are made once and met by many requests; so are their words.</summary>
    private static readonly ConditionalWeakTable<Decision, AuditedDecision> Decided = [];
    private static readonly ConditionalWeakTable<Region, string[]> Tested = [];

    private byte[]? _bytes;

    public required Caller Caller { get; init; }

    public required string Device { get; init; }

    public required Pseudonyms Pseudonyms { get; init; }

    public required RevisionId Revision { get; init; }

    public required Bundle Bundle { get; init; }

    public required IReadOnlyList<(Decision Decision, Region Region)> Decisions { get; init; }

    public required DeviceContext Context { get; set; }

    public required DeviceContext Registered { get; set; }

    /// <summary>Whether the registry could not be reached, so that what only it knows was missing.</summary>
    public required bool IsRegistryAway { get; init; }

    /// <summary>The attributes whose values are recorded.</summary>
    public required IReadOnlySet<string> Values { get; init; }

    /// <summary>The fields of an <see cref="AuditRecord"/> after its time.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            if (_bytes is not null)
                return _bytes;
            _bytes = Make();
            // They live as long as the answer is remembered; what they were made of need not.
            Context = Registered = DeviceContext.Empty;
            return _bytes;
        }
    }

    private byte[] Make()
    {
        AuditRecord record = new AuditSubject(default, Caller, Device, Pseudonyms).Record();
        record.Time = null;
        record.Decisions = new AuditDecisions
        {
            Revision = WireMapping.ToWire(Revision),
            RegistryUnavailable = IsRegistryAway,
            Decisions = { Decisions.Select(made => Decided.GetValue(made.Decision, InWords)) },
            Attributes = { Decisions.SelectMany(made => Tested.GetValue(made.Region, AttributesOf)).Distinct().Order(StringComparer.Ordinal).Select(Attribute) },
        };
        if (record.CalculateSize() > LongestRecord)
            Shorten(record.Decisions);
        return record.ToByteArray();
    }

    private static AuditedDecision InWords(Decision decision) => new()
    {
        Kind = WireMapping.ToWire(decision.Kind),
        Denied = decision.Outcome.IsDenied,
        Rules = { decision.Rules.Select(rule => WireMapping.ToWire(rule)) },
        OutcomeSha256 = ByteString.CopyFrom(SHA256.HashData(Json(decision.Outcome))),
    };

    private static byte[] Json(Outcome outcome)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            if (outcome.Denial is { } reason)
                writer.WriteString("deny", reason);
            else
                OutcomeJson.Write(writer, "outcome", outcome);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static string[] AttributesOf(Region region) => [.. region.Constraints.SelectMany(constraint => constraint.Attributes).Distinct()];

    private AuditedAttribute Attribute(string name)
    {
        AttributeDefinition definition = Bundle.Attributes[name];
        string given = definition.AgeOf ?? name;
        var attribute = new AuditedAttribute { Name = name, Source = SourceOf(given) };
        if (Values.Contains(name) && Context.Values.TryGetValue(given, out AttributeValue value) && value.Kind != AttributeValueKind.Other)
            attribute.Value = WireMapping.ToWire(value);
        return attribute;
    }

    private AuditedSource SourceOf(string name) =>
        Registered.Values.ContainsKey(name) || name == MergedContext.DeviceId ? AuditedSource.Registry
        : Context.Values.ContainsKey(name) ? AuditedSource.Claimed
        : Bundle.Attributes[name].Default is not null ? AuditedSource.Default
        : AuditedSource.Unspecified;

    private static void Shorten(AuditDecisions decisions)
    {
        foreach (AuditedAttribute attribute in decisions.Attributes)
            attribute.Value = null;
        for (int i = 0; i < decisions.Decisions.Count && decisions.CalculateSize() > LongestRecord; i++)
        {
            // The words themselves are everybody's.
            AuditedDecision fewer = decisions.Decisions[i].Clone();
            while (fewer.Rules.Count > FewestRules)
                fewer.Rules.RemoveAt(fewer.Rules.Count - 1);
            decisions.Decisions[i] = fewer;
        }
        // An author may name as many attributes as long as the language lets them be: of these the first stay.
        while (decisions.Attributes.Count > 0 && decisions.CalculateSize() > LongestRecord)
        {
            for (int left = decisions.Attributes.Count / 2; decisions.Attributes.Count > left;)
                decisions.Attributes.RemoveAt(decisions.Attributes.Count - 1);
        }
    }
}
