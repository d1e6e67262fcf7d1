using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads the daemon's file: JSON, in which comments and a last comma are taken too.</summary>
internal static class ConfigurationFile
{
    private const long MaximumBytes = 1 << 20;

    /// <summary>The kernel's room for the path of a socket, less the byte that ends it (unix(7)).</summary>
    private const int LongestSocketPath = 107;

    private const UnixFileMode Everybody = (UnixFileMode)0b110_110_110;

    private static readonly JsonDocumentOptions Leniently = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 16 };

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="CannotRunException">It cannot be read, or something is wrong with it; everything that is, is told, a line each.</exception>
    public static AgentConfiguration Read(string path)
    {
        List<string> faults = [];
        AgentConfiguration? configuration = null;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaximumBytes })
                throw new CannotRunException($"`{path}` has more than {MaximumBytes} bytes");
            configuration = Parse(File.ReadAllBytes(path), faults);
        }
        catch (JsonException malformed)
        {
            throw new CannotRunException($"`{path}`, line {malformed.LineNumber + 1}: it is no JSON");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CannotRunException($"`{path}` cannot be read: {fault.Message}");
        }
        return faults.Count == 0 && configuration is not null ? configuration : throw new CannotRunException(string.Join('\n', faults.Select(fault => $"`{path}`: {fault}")));
    }

    /// <summary>What the bytes say; what is wrong goes to <paramref name="faults"/>.</summary>
    /// <exception cref="JsonException">They are no JSON.</exception>
    internal static AgentConfiguration? Parse(ReadOnlyMemory<byte> json, List<string> faults)
    {
        using JsonDocument document = JsonDocument.Parse(json, Leniently);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return JsonReading.Read(document.RootElement, "", faults, Whole);
        faults.Add("expected an object");
        return null;
    }

    private static AgentConfiguration Whole(JsonReading json)
    {
        var read = new AgentConfiguration
        {
            Pdp = Addresses(json),
            Mode = Mode(json),
            Certificate = json.FullPath("certificate"),
            Key = json.FullPath("key"),
            Trust = json.FullPath("trust"),
            State = json.FullPath("state"),
            Claims = Claims(json),
            Sources = json.Objects("sources", ClaimSourceReading.Source),
            Interval = TimeSpan.FromSeconds(json.OptionalNumber("interval", 1, 86_400) ?? 30),
            Socket = json.Object("socket", Socket) ?? Missing(json),
            Callers = json.Objects("callers", Caller),
            Renewal = json.Object("renewal", RenewalReading.Renewal),
            Services = json.Objects("services", ServiceReading.Service),
        };
        if (read.Services.GroupBy(service => RealPath.Of(service.Folder), StringComparer.Ordinal).FirstOrDefault(folder => folder.Count() > 1) is { } shared)
            json.Fault("services", $"two of them write to `{shared.Key}`");
        if (read.Services.GroupBy(service => service.Name, StringComparer.Ordinal).FirstOrDefault(name => name.Count() > 1) is { } namesakes)
            json.Fault("services", $"two of them are called `{namesakes.Key}`");
        return read;
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

    private static DeviceContext Claims(JsonReading json)
    {
        if (json.Raw("claims") is not { } raw)
            return DeviceContext.Empty;
        if (DeviceContext.TryParseJson(raw, out DeviceContext? claims, out string? error))
            return claims;
        json.Fault("claims", error);
        return DeviceContext.Empty;
    }

    private static LocalSocket Missing(JsonReading json)
    {
        if (json.Raw("socket") is null)
            json.Fault("socket", "it is not there");
        return new LocalSocket("", Everybody);
    }

    private static LocalSocket Socket(JsonReading json)
    {
        string path = json.FullPath("path");
        if (Encoding.UTF8.GetByteCount(path) > LongestSocketPath)
            json.Fault("path", $"the path of a socket has at most {LongestSocketPath} bytes");
        string mode = json.OptionalText("mode") ?? "660";
        if (!TryOctal(mode, out UnixFileMode bits))
        {
            json.Fault("mode", "expected octal digits, such as 660");
            bits = Everybody;
        }
        return new LocalSocket(path, bits);
    }

    private static bool TryOctal(string text, out UnixFileMode mode)
    {
        mode = 0;
        if (text.Length is < 3 or > 4 || text.Any(digit => digit is < '0' or > '7'))
            return false;
        mode = (UnixFileMode)text.Aggregate(0, (bits, digit) => bits * 8 + (digit - '0')) & Everybody;
        return true;
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
        if (json.OptionalText(name) is not { } text)
            return null;
        if (number(text) is { } found)
            return found;
        json.Fault(name, $"this machine has no {name} `{text}`");
        return null;
    }
}
