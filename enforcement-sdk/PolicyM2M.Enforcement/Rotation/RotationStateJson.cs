using System.Text.Json;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>A state as JSON, written and read by hand: the platform's serializer would be among the largest parts of a program that is compiled ahead of time.</summary>
internal static class RotationStateJson
{
    public static byte[] Write(RotationState state)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("device", state.Device);
            Write(json, "serving", state.Serving);
            if (state.Succession is { } succession)
            {
                json.WriteStartObject("succession");
                Write(json, "predecessor", succession.Predecessor);
                json.WriteString("parent", succession.Parent);
                json.WriteString("cause", succession.Cause.ToString());
                json.WriteBoolean("is-rekeyed", succession.IsRekeyed);
                json.WriteString("at", succession.At);
                Write(json, "predecessor-until", succession.PredecessorUntil);
                json.WriteEndObject();
            }
            if (state.Waiting is { } waiting)
            {
                json.WriteStartObject("waiting");
                Write(json, "next", waiting.Next);
                json.WriteString("cause", waiting.Cause.ToString());
                json.WriteBoolean("is-rekeyed", waiting.IsRekeyed);
                json.WriteEndObject();
            }
            Write(json, "pending-key-made", state.PendingKeyMade);
            json.WriteNumber("attempts", state.Attempts);
            Write(json, "next-attempt", state.NextAttempt);
            Write(json, "unreachable-since", state.UnreachableSince);
            json.WriteBoolean("has-obeyed-order", state.HasObeyedOrder);
            json.WriteBoolean("is-pause-for-order", state.IsPauseForOrder);
            json.WriteBoolean("is-refused", state.IsRefused);
            json.WriteString("latest-seen", state.LatestSeen);
            json.WriteStartArray("unreported");
            foreach (RotationReport report in state.Unreported)
            {
                json.WriteStartObject();
                json.WriteString("predecessor-fingerprint", report.PredecessorFingerprint);
                Write(json, "successor", report.Successor);
                json.WriteString("cause", report.Cause.ToString());
                json.WriteBoolean("is-rekeyed", report.IsRekeyed);
                json.WriteString("at", report.At);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">It is no such JSON.</exception>
    public static RotationState Read(ReadOnlySpan<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text.ToArray());
            return State(document.RootElement);
        }
        catch (Exception malformed) when (malformed is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"it makes no sense: {malformed.Message}", malformed);
        }
    }

    private static RotationState State(JsonElement json) => new()
    {
        Device = Text(json, "device"),
        Serving = Credential(json.GetProperty("serving")),
        Succession = json.TryGetProperty("succession", out JsonElement succession)
            ? new Succession(Credential(succession.GetProperty("predecessor")), Text(succession, "parent"), Cause(succession), Is(succession, "is-rekeyed"),
                Instant(succession, "at"), OptionalInstant(succession, "predecessor-until"))
            : null,
        Waiting = json.TryGetProperty("waiting", out JsonElement waiting) ? new Waiting(Credential(waiting.GetProperty("next")), Cause(waiting), Is(waiting, "is-rekeyed")) : null,
        PendingKeyMade = OptionalInstant(json, "pending-key-made"),
        Attempts = json.GetProperty("attempts").GetInt32(),
        NextAttempt = OptionalInstant(json, "next-attempt"),
        UnreachableSince = OptionalInstant(json, "unreachable-since"),
        HasObeyedOrder = Is(json, "has-obeyed-order"),
        // A state of before has none of the two.
        IsPauseForOrder = json.TryGetProperty("is-pause-for-order", out JsonElement forOrder) && forOrder.GetBoolean(),
        IsRefused = json.TryGetProperty("is-refused", out JsonElement refused) && refused.GetBoolean(),
        LatestSeen = Instant(json, "latest-seen"),
        Unreported = [.. json.GetProperty("unreported").EnumerateArray().Select(report =>
            new RotationReport(Text(report, "predecessor-fingerprint"), Credential(report.GetProperty("successor")), Cause(report), Is(report, "is-rekeyed"), Instant(report, "at")))],
    };

    private static void Write(Utf8JsonWriter json, string name, Credential credential)
    {
        json.WriteStartObject(name);
        json.WriteString("fingerprint", credential.Fingerprint);
        json.WriteString("serial", credential.Serial);
        json.WriteString("not-before", credential.Times.NotBefore);
        json.WriteString("not-after", credential.Times.NotAfter);
        json.WriteString("key-made", credential.Times.KeyMade);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? instant)
    {
        if (instant is { } known)
            json.WriteString(name, known);
    }

    private static Credential Credential(JsonElement json) =>
        new(Text(json, "fingerprint"), Text(json, "serial"), CredentialTimes.Sound(Instant(json, "not-before"), Instant(json, "not-after"), Instant(json, "key-made")));

    private static RotationCause Cause(JsonElement json) => Enum.Parse<RotationCause>(Text(json, "cause"));

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"`{name}` is null");

    private static bool Is(JsonElement json, string name) => json.GetProperty(name).GetBoolean();

    private static DateTimeOffset Instant(JsonElement json, string name) => json.GetProperty(name).GetDateTimeOffset();

    private static DateTimeOffset? OptionalInstant(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement instant) ? instant.GetDateTimeOffset() : null;
}
