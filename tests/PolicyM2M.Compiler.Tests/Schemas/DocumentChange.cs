using System.Text.Json.Nodes;

namespace PolicyM2M.Compiler.Tests.Schemas;

/// <summary>Changes a sound document at one place, at any depth, in the ways in which authors get one wrong.</summary>
internal static class DocumentChange
{
    /// <summary>Makes one change, and says which. What the cells of a table must be, its columns say, which no schema can follow: tables are changed elsewhere.</summary>
    public static string Make(JsonNode root, Random random)
    {
        JsonNode[] places = [.. Below(root).Where(node => node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 }).Where(node => !node.GetPath().Contains(".rows[", StringComparison.Ordinal) && !node.GetPath().EndsWith(".columns", StringComparison.Ordinal))];
        JsonNode place = places[random.Next(places.Length)];
        return place is JsonArray list ? OfList(list, random) : OfMapping((JsonObject)place, random);
    }

    private static string OfList(JsonArray list, Random random)
    {
        int at = random.Next(list.Count);
        switch (random.Next(5))
        {
            case 0:
                list.Clear();
                return $"{list.GetPath()} is empty";
            case 1:
                list.Add(list[at]?.DeepClone());
                return $"{list.GetPath()} has [{at}] twice";
            case 2:
                list.RemoveAt(at);
                return $"{list.GetPath()} without [{at}]";
            default:
                list[at] = Value(list[at], random);
                return $"{list.GetPath()}[{at}] = {list[at]?.ToJsonString() ?? "null"}";
        }
    }

    private static string OfMapping(JsonObject mapping, Random random)
    {
        string key = mapping.ElementAt(random.Next(mapping.Count)).Key;
        JsonNode? value = mapping[key];
        switch (random.Next(6))
        {
            case 0:
                mapping.Remove(key);
                return $"{mapping.GetPath()} without {key}";
            case 1:
                mapping.Remove(key);
                mapping["un known"] = value;
                return $"{mapping.GetPath()}: {key} misspelt";
            case 2:
                mapping["un known"] = value?.DeepClone();
                return $"{mapping.GetPath()}: a key more";
            default:
                mapping[key] = Value(value, random);
                return $"{mapping.GetPath()}.{key} = {mapping[key]?.ToJsonString() ?? "null"}";
        }
    }

    /// <summary>A value of another type, one that no list of words has, or one beyond a range.</summary>
    private static JsonNode? Value(JsonNode? before, Random random) => random.Next(9) switch
    {
        0 => new JsonObject(),
        1 => new JsonArray(),
        2 => JsonValue.Create(""),
        3 => new JsonArray(new JsonArray("a")),
        4 => new JsonObject { ["a"] = "b" },
        5 => JsonValue.Create(random.Next(2) == 0),
        6 => JsonValue.Create(random.GetItems([-1L, 0, 17, 1_000_000_000_000L], 1)[0]),
        7 => JsonValue.Create("plain"),
        _ => before is JsonArray ? new JsonArray(before.DeepClone()) : new JsonArray(before?.DeepClone(), before?.DeepClone()),
    };

    private static IEnumerable<JsonNode> Below(JsonNode? node)
    {
        if (node is null)
            yield break;
        yield return node;
        IEnumerable<JsonNode?> children = node switch { JsonObject mapping => mapping.Select(entry => entry.Value), JsonArray list => list, _ => [] };
        foreach (JsonNode below in children.SelectMany(Below))
            yield return below;
    }
}
