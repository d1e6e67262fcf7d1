using System.Text.Json.Nodes;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using static PolicyM2M.Compiler.Tests.Schemas.SchemaParts;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary><c>policy.schema.json</c>, made of the compiler's own tables: the kinds of decision, their fields and what these hold, and the words of the language.</summary>
internal static class PolicySchema
{
    private const string Condition = "condition";
    private const string Said = "said";

    public static JsonObject Make()
    {
        JsonObject schema = Mapping(["policy"],
            [("policy", Ref("name")),
            ("description", new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") }.Described("What it is for.")),
            ("zone", Text($"{ValuePatterns.Blank}{ValuePatterns.Offset}{ValuePatterns.Blank}").Described("The offset from UTC for times of day and days of the week.")),
            ("for", Ref(Condition)),
            .. Sections(),
            ("then", List(Mapping([], Sections())).Described("Further groups of sections, in order."))]);
        var whole = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "PolicyM2M policy",
            ["description"] = "*.m2m.yaml: a policy in its YAML spelling. The target under `for` bounds it: outside it the policy says nothing.",
        };
        foreach ((string key, JsonNode? value) in schema)
            whole[key] = value!.DeepClone();
        whole["definitions"] = Definitions();
        whole["examples"] = new JsonArray(JsonNode.Parse("""{"policy": "baseline", "auth": [{"otherwise": {"use": {"methods": ["x509"]}}}]}"""));
        return whole;
    }

    private static IEnumerable<(string, JsonNode)> Sections() =>
    [
        ("define", Named(Ref(Condition)).Described("Conditions by name.")),
        ("profiles", Named(Ref("profile")).Described("Outcomes by name.")),
        .. DecisionKinds.All.Select(kind => (kind.Name(), (JsonNode)List(Ref($"case-of-{kind.Name()}")).Described("The first case that matches is chosen."))),
        ("rules", List(Ref("rule")).Described("Requirements, prohibitions, waivers and invariants.")),
    ];

    private static JsonObject Named(JsonNode value) =>
        new() { ["type"] = "object", ["patternProperties"] = new JsonObject { [$"^{FieldSchemas.Name}$"] = value }, ["additionalProperties"] = false };

    private static JsonObject Definitions()
    {
        var all = new JsonObject
        {
            ["name"] = Text(FieldSchemas.Name),
            [Condition] = new JsonObject { ["type"] = "string", ["pattern"] = "\\S" }.Described("A condition of the language, such as device.type == \"plc\"."),
            [Said] = SchemaParts.Said(),
            ["instant"] = Text($"{ValuePatterns.Blank}{ValuePatterns.Instant}{ValuePatterns.Blank}"),
        };
        foreach (Field field in FieldSchemas.All.Where(field => field != Field.RevocationWithin))
        {
            if (FieldSchemas.KnownName(field) is { } name)
                all[FieldSchemas.NameOf(field)] = name;
            all[field.Name] = FieldSchemas.InBody(field, isChange: false);
            if (field.Shape is FieldShape.NameList)
                all[$"change-of-{field.Name}"] = FieldSchemas.InBody(field, isChange: true);
        }
        foreach (DecisionKind kind in DecisionKinds.All)
            OfKind(all, kind);
        all["rule"] = AnyOf(Rules());
        all["profile"] = AnyOf(DecisionKinds.All.SelectMany(Profiles));
        return all;
    }

    private static void OfKind(JsonObject all, DecisionKind kind)
    {
        string name = kind.Name();
        all[$"body-of-{name}"] = Bodies(() => Mapping([], Fields(kind, isChange: false)));
        all[$"changes-of-{name}"] = Bodies(() => Mapping([], Fields(kind, isChange: true)));
        all[$"claim-of-{name}"] = AnyOf(Mapping([], Fields(kind, isChange: false)).NotEmpty(), List(Mapping([], Fields(kind, isChange: false)).NotEmpty(), least: 1));
        all[$"answer-of-{name}"] = AnyOf([.. Outcomes(kind).Select(outcome => Mapping(["use"], outcome)), Mapping(["deny"], ("deny", Ref(Said)))]);
        all[$"case-of-{name}"] = AnyOf(
            [.. Outcomes(kind).Select(outcome => Mapping(["when", "use"], [("when", Ref(Condition)), .. outcome])),
            Mapping(["when", "deny"], ("when", Ref(Condition)), ("deny", Ref(Said))),
            Mapping(["otherwise"], ("otherwise", Ref($"answer-of-{name}")))]);
    }

    /// <summary>A field that is given twice is a fault, but not of the shape: for it there are lists of bodies.</summary>
    private static JsonObject Bodies(Func<JsonObject> body) => AnyOf(body(), List(body()));

    private static IEnumerable<(string, JsonNode)> Fields(DecisionKind kind, bool isChange) =>
        Field.Of(kind).Where(field => field != Field.RevocationWithin).Select(field => (field.Name, (JsonNode)Ref(isChange && field.Shape is FieldShape.NameList ? $"change-of-{field.Name}" : field.Name)));

    /// <summary>The two ways to say an outcome: its fields; or a profile, perhaps with changes.</summary>
    private static IEnumerable<(string, JsonNode)[]> Outcomes(DecisionKind kind, string fields = "body") =>
        [[("use", Ref($"{fields}-of-{kind.Name()}"))], [("use", Ref("name")), ("with", Ref($"changes-of-{kind.Name()}"))]];

    private static IEnumerable<JsonObject> Profiles(DecisionKind kind) =>
        [Mapping(["kind"], [("kind", OneOf(kind.Name())), .. Fields(kind, isChange: false)]), .. Outcomes(kind).Select(outcome => Mapping(["kind", "use"], [("kind", OneOf(kind.Name())), .. outcome]))];

    private static IEnumerable<JsonObject> Rules()
    {
        foreach (DecisionKind kind in DecisionKinds.All)
        {
            foreach ((string, JsonNode)[] outcome in Outcomes(kind))
                yield return Mapping(["require", "kind", "use"], [("require", Ref("name")), ("kind", OneOf(kind.Name())), ("when", Ref(Condition)), .. outcome]);
            JsonObject always = AnyOf([OneOf("deny"), .. Outcomes(kind, "claim").Select(outcome => Mapping(["use"], outcome))]);
            yield return Mapping(["invariant", "kind", "always"], ("invariant", Ref(Said)), ("kind", OneOf(kind.Name())), ("always", always), ("when", Ref(Condition)));
        }
        yield return Mapping(["forbid", "kind", "deny"], ("forbid", Ref("name")), ("kind", OneOf(DecisionKinds.All.Select(kind => kind.Name()))), ("deny", Ref(Said)), ("when", Ref(Condition)));
        yield return Mapping(["waive", "when", "until", "because", "approved-by"],
            ("waive", Ref("name")), ("when", Ref(Condition)), ("from", Ref("instant")), ("until", Ref("instant")), ("because", Ref(Said)), ("approved-by", Ref(Said)));
    }
}
