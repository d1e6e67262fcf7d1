using System.Collections.Immutable;
using System.Text.Json;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads the daemon's file: JSON, in which comments and a last comma are taken too.</summary>
internal static class ConfigurationFile
{
    private const int LargestFile = 1 << 20;

    private static readonly JsonDocumentOptions Leniently = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16 };

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="CannotRunException">It cannot be read, or something is wrong with it; everything that is, is told, a line each, with the file, the line and the column in front.</exception>
    public static AgentConfiguration Read(string path)
    {
        List<ConfigurationFault> faults = [];
        try
        {
            AgentConfiguration? configuration = Parse(Json(path), faults, out JsonPlaces places);
            return faults.Count == 0 && configuration is not null ? configuration : throw new CannotRunException(string.Join('\n', faults.Select(fault => Line(path, places[fault], fault))));
        }
        catch (JsonException malformed)
        {
            // The platform says the line and the byte once more behind that.
            string what = malformed.Message.Split(" LineNumber:")[0].TrimEnd('.');
            throw new CannotRunException($"{path}:{malformed.LineNumber + 1}:{malformed.BytePositionInLine + 1}: it is no JSON: {what}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"the configuration cannot be read: {fault.Message}");
        }
    }

    /// <summary>What the bytes say.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="faults">Where what is wrong goes.</param>
    /// <param name="places">Where each thing stands.</param>
    /// <exception cref="JsonException">They are no JSON.</exception>
    internal static AgentConfiguration? Parse(ReadOnlyMemory<byte> json, List<ConfigurationFault> faults, out JsonPlaces places)
    {
        places = JsonPlaces.Of(json, Leniently);
        using JsonDocument document = JsonDocument.Parse(json, Leniently);
        faults.AddRange(places.Repeated);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return JsonReading.Read(document.RootElement, "", faults, Whole);
        faults.Add(new ConfigurationFault("", "expected an object"));
        return null;
    }

    /// <summary>What is read of the file: a mark at the beginning that says UTF-8 is none of JSON's, and may be ignored (RFC 8259, section 8.1).</summary>
    private static ReadOnlyMemory<byte> Json(string path) => BoundedFile.Read(path, LargestFile) switch
    {
        [0xEF, 0xBB, 0xBF, ..] marked => marked.AsMemory(3),
        [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..] => throw new CannotRunException($"{path}:1:1: it is in UTF-16, and JSON is in UTF-8: save it so"),
        var json => json,
    };

    private static string Line(string path, (int Line, int Column) at, ConfigurationFault fault) => $"{path}:{at.Line}:{at.Column}: {fault}";

    private static AgentConfiguration Whole(JsonReading json)
    {
        var read = new AgentConfiguration
        {
            Pdp = Addresses(json),
            Mode = Mode(json),
            Certificate = json.FullPath("certificate"),
            Key = json.FullPath("key"),
            Trust = json.FullPath("trust"),
            State = json.Folder("state", "/var/lib/policym2m-agent"),
            Claims = ClaimsReading.Claims(json),
            Sources = json.Objects("sources", ClaimSourceReading.Source),
            Interval = TimeSpan.FromSeconds(json.OptionalNumber("interval", 1, 86_400) ?? 30),
            Socket = json.Object("socket", SocketReading.Socket) ?? Missing(json),
            Callers = json.Objects("callers", Caller),
            Renewal = json.Object("renewal", RenewalReading.Renewal),
            Services = json.Objects("services", ServiceReading.Service),
        };
        ManagedService[] placed = [.. read.Services.Where(service => Path.IsPathFullyQualified(service.Folder))];
        if (placed.GroupBy(service => RealPath.Of(service.Folder), StringComparer.Ordinal).FirstOrDefault(folder => folder.Count() > 1) is { } shared)
            json.Fault("services", $"two of them write to `{shared.Key}`");
        Apart(json, read, placed);
        if (read.Services.GroupBy(service => service.Name, StringComparer.Ordinal).FirstOrDefault(name => name.Count() > 1) is { } namesakes)
            json.Fault("services", $"two of them are called `{namesakes.Key}`");
        return read;
    }

    /// <summary>What the agent keeps for itself, nothing else may lie on.</summary>
    private static void Apart(JsonReading json, AgentConfiguration read, IEnumerable<ManagedService> services)
    {
        if (!Path.IsPathFullyQualified(read.State))
            return;
        if (Path.IsPathFullyQualified(read.Socket.Path) && StateFiles.Own(read.State, read.Socket.Path) is { } own)
            json.Fault("socket.path", $"the agent keeps `{own}` for itself: name another path, such as /run/policym2m-agent/agent.sock");
        foreach (ManagedService service in services.Where(service => RealPath.Of(service.Folder) == RealPath.Of(read.State) || StateFiles.Own(read.State, service.Folder) is not null))
            json.Fault("services", $"`{service.Name}` writes to `{service.Folder}`, where the agent keeps what is its own: name another folder");
    }

    private static ImmutableArray<Uri> Addresses(JsonReading json)
    {
        ImmutableArray<string> texts = json.Texts("pdp");
        if (texts.IsEmpty)
            json.Fault("pdp", "name the decision points, the preferred first, as [\"https://pdp.example:8443\"]");
        ImmutableArray<Uri>.Builder addresses = ImmutableArray.CreateBuilder<Uri>();
        foreach (string text in texts)
        {
            if (PdpAddress.TryParse(text, out Uri? address, out string? reason))
                addresses.Add(address);
            else
                json.Fault("pdp", reason);
        }
        return addresses.ToImmutable();
    }

    private static DecisionMode Mode(JsonReading json)
    {
        switch (json.OptionalText("mode"))
        {
            case "ask":
                return DecisionMode.Ask;
            case "bundle":
                return DecisionMode.Bundle;
            case null or "ask-then-bundle":
                return DecisionMode.AskThenBundle;
            default:
                json.Fault("mode", "expected `ask`, `ask-then-bundle` or `bundle`");
                return DecisionMode.Ask;
        }
    }

    private static LocalSocket Missing(JsonReading json)
    {
        if (json.Raw("socket") is null)
            json.Fault("socket", "it is not there");
        return new LocalSocket("", UnixFileMode.None);
    }

    private static CallerRule Caller(JsonReading json)
    {
        uint? user = Account(json, "user", SystemAccounts.User), group = Account(json, "group", SystemAccounts.Group);
        if (json.Raw("user") is null && json.Raw("group") is null)
            json.Fault("user", "name a user or a group, or both");
        ImmutableArray<string> devices = json.Texts("devices");
        if (devices.IsEmpty)
            json.Fault("devices", "name devices by their ids; `self` is the gateway, and `*` whatever it may speak for");
        return new CallerRule(user, group, devices.Contains("self"), devices.Contains("*"), devices.ToImmutableHashSet(StringComparer.Ordinal).Remove("self").Remove("*"));
    }

    private static uint? Account(JsonReading json, string name, Func<string, uint?> number)
    {
        if (json.TextOrNumber(name) is not { } text)
            return null;
        if (number(text) is { } found)
            return found;
        json.Fault(name, $"this machine has no {name} `{text}`");
        return null;
    }
}
