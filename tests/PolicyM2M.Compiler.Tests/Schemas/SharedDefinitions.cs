using System.Text.Json.Nodes;
using PolicyM2M.Compiler.PolicyTests;
using PolicyM2M.Compiler.Sets;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;
using static PolicyM2M.Compiler.Tests.Schemas.SchemaParts;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>The definitions of the other schemas that follow from the compiler's tables; what stands around them is written by hand.</summary>
internal static class SharedDefinitions
{
    /// <summary>What a schema's own definitions are beside those that are written by hand.</summary>
    /// <param name="schema">The schema's name, as in <see cref="SchemaFile.Load"/>.</param>
    public static JsonObject Of(string schema) => schema switch
    {
        "policyset" => new JsonObject { ["duration"] = Text($"(?=.*[1-9]){ValuePatterns.Duration}") },
        "attributes" => new JsonObject
        {
            ["whole-number"] = AnyOf(new JsonObject { ["type"] = "integer", ["minimum"] = long.MinValue, ["maximum"] = long.MaxValue }, Text($"-?{ValuePatterns.UpTo(long.MaxValue)}", "-0*9223372036854775808")),
            ["duration"] = Text(ValuePatterns.Duration),
            ["instant"] = Text(ValuePatterns.Instant),
            ["version"] = AnyOf(Text(ValuePatterns.Version), new JsonObject { ["type"] = "number", ["minimum"] = 0 }),
            ["address"] = Text(ValuePatterns.Address),
        },
        _ => OfTests(),
    };

    private static JsonObject OfTests()
    {
        var all = new JsonObject { ["instant"] = Text(ValuePatterns.Instant), ["column"] = Column() };
        foreach (Field field in FieldSchemas.All)
        {
            if (FieldSchemas.KnownName(field) is { } name)
                all[FieldSchemas.NameOf(field)] = name;
            all[field.Name] = FieldSchemas.Expected(field);
        }
        foreach (DecisionKind kind in DecisionKinds.All)
            all[$"decision-of-{kind.Name()}"] = Decision(kind);
        return all;
    }

    /// <summary>What is expected of one kind: a denial has no fields.</summary>
    private static JsonObject Decision(DecisionKind kind) => AnyOf(
        OneOf(ExpectationReader.Allow, ExpectationReader.Deny),
        Mapping([],
            (ExpectationReader.Deny, Said().Described("The exact reason.")),
            (ExpectationReader.DenyContains, Said().Described("A part of the reason.")),
            (ExpectationReader.DecidedBy, Rules())).NotEmpty(),
        Mapping([], [(ExpectationReader.DecidedBy, Rules()), .. Field.Of(kind).Select(field => (field.Name, (JsonNode)Ref(field.Name)))]).NotEmpty());

    private static JsonObject Rules() => AnyOf(Said(), List(Said(), least: 1)).Described("A rule that determined it, such as: baseline auth case 2.");

    /// <summary>A column of a table: an attribute's; or expectations, which begin with a kind of decision.</summary>
    private static JsonObject Column()
    {
        IEnumerable<string> expected = DecisionKinds.All.SelectMany(kind =>
            Field.Of(kind).Select(field => field.Name).Concat([ExpectationReader.Deny, ExpectationReader.DenyContains, ExpectationReader.DecidedBy]).Select(key => $"{kind.Name()}.{key}").Prepend(kind.Name()));
        string kinds = string.Join('|', DecisionKinds.All.Select(kind => kind.Name()));
        return AnyOf(OneOf(expected), new JsonObject { ["type"] = new JsonArray("string", "number", "boolean"), ["pattern"] = $@"^(?!(?:{kinds})(?:\.|$))[\s\S]*\S" });
    }
}
