using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Compiler.Syntax;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using static PolicyM2M.Compiler.Tests.Schemas.SchemaParts;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>What each field of the lattice may hold, as JSON Schemas: in a policy, and in what a test expects.</summary>
internal static class FieldSchemas
{
    private const string Blank = ValuePatterns.Blank;

    /// <summary>The versions without their protocol.</summary>
    private static readonly string[] Numbers = ["1.2", "1.3"];

    private static readonly string Within = $@"within[ \t\r\n]+{ValuePatterns.Duration}";

    /// <summary>The fields that some kind of decision has, each once.</summary>
    public static IEnumerable<Field> All => DecisionKinds.All.SelectMany(kind => Field.Of(kind)).Distinct();

    /// <summary>What a name may be called: a word of the language it is not, nor a kind of decisions.</summary>
    public static string Name { get; } = $"(?!(?:{string.Join('|', Grammar.Reserved.Concat(DecisionKinds.All.Select(kind => kind.Name())).Order(StringComparer.Ordinal))})$)[A-Za-z][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*";

    /// <summary>A name that is the item of a list: it must not look as if the next field began.</summary>
    private static string Label { get; } =
        $"(?!(?:{string.Join('|', Grammar.Reserved.Concat(All.Select(field => field.Name)).Order(StringComparer.Ordinal))})(?:{Blank},|{Blank}$))[A-Za-z][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*";

    /// <summary>A field in a body.</summary>
    /// <param name="field">The field.</param>
    /// <param name="isChange">Whether the body stands after <c>with</c>, so that a list may be changed.</param>
    public static JsonObject InBody(Field field, bool isChange) => field.Shape switch
    {
        _ when field == Field.RotateNow => new JsonObject { ["enum"] = new JsonArray(true) },
        _ when field == Field.Attestation => Text($"{Blank}{Within}{Blank}"),
        FieldShape.ShortestDuration => Single(Text($"{Blank}{ValuePatterns.Duration}{Blank}")),
        FieldShape.Share => Single(Text($"{Blank}{ValuePatterns.Share}{Blank}")),
        FieldShape.Ladder ladder when field == Field.Revocation =>
            AnyOf(OneOf(ladder.Ranks), Text($@"{Blank}(?:{string.Join('|', ladder.Ranks)})[ \t\r\n]+{Within}{Blank}"), List(OneOf(ladder.Ranks), least: 1, most: 1)),
        FieldShape.Ladder ladder => Single(OneOf(ladder.Ranks)),
        FieldShape.NameList list => Names(field, list, isChange),
        _ => throw new InvalidOperationException($"no schema for {field.Name}"),
    };

    /// <summary>A field in what a test expects.</summary>
    public static JsonObject Expected(Field field) => field.Shape switch
    {
        FieldShape.ShortestDuration => AnyOf(Text(ValuePatterns.Duration, ExpectationReader.Unconstrained), Bounds(() => Text(ValuePatterns.Duration))),
        FieldShape.Share => AnyOf(Text(ValuePatterns.Share, ExpectationReader.Unconstrained), Bounds(() => Text(ValuePatterns.Share))),
        FieldShape.Ladder ladder => AnyOf([.. Ranks(ladder), OneOf(ExpectationReader.Unconstrained), Bounds(() => AnyOf(Ranks(ladder)))]),
        FieldShape.NameList list => AnyOf(Item(field, list, Said), OneOf(ExpectationReader.Unconstrained), List(Item(field, list, Said)),
            Mapping([], ("includes", Some(field, list)), ("excludes", Some(field, list))).NotEmpty()),
        _ => throw new InvalidOperationException($"no schema for {field.Name}"),
    };

    private static JsonObject Some(Field field, FieldShape.NameList list) => AnyOf(Item(field, list, Said), List(Item(field, list, Said), least: 1));

    private static JsonObject Bounds(Func<JsonObject> value) => Mapping([], ("at-least", value()), ("at-most", value())).NotEmpty();

    /// <summary>YAML reads the two ranks of what is so or not so as truths.</summary>
    private static IEnumerable<JsonObject> Ranks(FieldShape.Ladder ladder) => ladder.Ranks.Contains("true") ? [OneOf(ladder.Ranks), new JsonObject { ["type"] = "boolean" }] : [OneOf(ladder.Ranks)];

    /// <summary>A value by itself, or the only item of a list.</summary>
    private static JsonObject Single(JsonObject value) => AnyOf(value, List(value.DeepClone(), least: 1, most: 1));

    /// <summary>One item, several in one text, a YAML list, or what a registry's facts select.</summary>
    private static JsonObject Names(Field field, FieldShape.NameList list, bool isChange)
    {
        string several = Several(field, list);
        if (isChange)
            return AnyOf(Ref(field.Name), Text($"{Blank}(?!-[0-9])[+-]{Blank}{several}{Blank}").Described("The profile's list with these too, or without them."));
        JsonObject items = List(Item(field, list, () => Text(Label)), least: 1, isUnique: true);
        if (field == Field.Versions)
            items["not"] = AnyOf(Numbers.Select(Doubled));
        var choices = new List<JsonNode> { Item(field, list, () => Text(Label)), Text($"{Blank}{several}{Blank}"), items };
        if (TlsRegistry.Facts(field.Name).Count > 0)
            choices.Add(new JsonObject { ["type"] = "string", ["pattern"] = $@"^{Blank}where[^A-Za-z0-9_.-]\s*\S", ["description"] = "Those with these facts of the registry, such as: where forward-secret." });
        return AnyOf(choices);
    }

    /// <summary>A number without a protocol stands for that of both, so beside it neither may be named again.</summary>
    private static JsonObject Doubled(string number)
    {
        Func<JsonObject> asNumber = () => OneOfNumbers(decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture)), asText = () => OneOf(number);
        return AnyOf(Both(asNumber(), asText()), Both(AnyOf(asNumber(), asText()), OneOf($"TLS{number}", $"DTLS{number}")));

        static JsonObject Both(JsonObject one, JsonObject other) => new() { ["allOf"] = new JsonArray(Holds(one), Holds(other)) };

        static JsonObject Holds(JsonObject item) => new() { ["not"] = new JsonObject { ["items"] = new JsonObject { ["not"] = item } } };
    }

    /// <summary>What one item of a list may be; YAML reads a version's number as one.</summary>
    private static JsonObject Item(Field field, FieldShape.NameList list, Func<JsonObject> label) => list.CodePoints is null ? label() : Ref(NameOf(field));

    /// <summary>The definition of one name of a field; the lists of registered names are long, and stand once.</summary>
    public static string NameOf(Field field) => $"name-of-{field.Name}";

    /// <summary>One name of a field whose names are known.</summary>
    public static JsonObject? KnownName(Field field) => field.Shape is not FieldShape.NameList { CodePoints: not null } list ? null
        : field == Field.Versions ? AnyOf(OneOf([.. Numbers, .. Ordered(list)]), OneOfNumbers(1.2m, 1.3m))
        : OneOf(Ordered(list));

    /// <summary>Names in one text, none of them twice.</summary>
    private static string Several(Field field, FieldShape.NameList list)
    {
        string item = list.CodePoints is null ? Label : $"(?:{string.Join('|', Ordered(list).Concat(field == Field.Versions ? Numbers : []).Select(Regex.Escape))})";
        string first = $@"(?:[\s\S]*,)?{Blank}", between = $@"{Blank},(?:[\s\S]*,)?{Blank}", end = $"{Blank}(?:,|$)";
        string twice = $@"(?!{first}([^ \t\r\n,]+){between}\1{end})";
        string doubled = field != Field.Versions ? "" : string.Concat(Numbers.Select(Regex.Escape)
            .Select(number => $"(?!{first}{number}{between}D?TLS{number}{end})(?!{first}D?TLS{number}{between}{number}{end})"));
        return $"{twice}{doubled}{item}(?:{Blank},{Blank}{item})*";
    }

    private static IEnumerable<string> Ordered(FieldShape.NameList list) => list.CodePoints!.OrderBy(name => name.Value).ThenBy(name => name.Key, StringComparer.Ordinal).Select(name => name.Key);
}
