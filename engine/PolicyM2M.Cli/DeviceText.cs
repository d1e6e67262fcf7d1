using Google.Protobuf.WellKnownTypes;
using PolicyM2M.Wire;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>What a registry knows of devices, for people.</summary>
internal sealed class DeviceText(TextWriter writer, Palette palette)
{
    private const int Wide = 14;

    /// <summary>The states, in the order of a life.</summary>
    public static IReadOnlyList<string> AllStates { get; } = [.. System.Enum.GetValues<DeviceState>().Where(state => state != DeviceState.Unspecified).Select(Text)];

    /// <summary>The same in a sentence.</summary>
    public static string States => string.Join(", ", AllStates);

    /// <summary>The state of a word that is one; unspecified for none.</summary>
    public static DeviceState State(string? word) => word is null ? DeviceState.Unspecified : System.Enum.GetValues<DeviceState>().First(state => Text(state) == word);

    public void List(IReadOnlyCollection<Device> devices)
    {
        int id = devices.Select(device => device.Id.Length).DefaultIfEmpty(0).Max() + 2, site = devices.Select(device => device.Site.Length).DefaultIfEmpty(0).Max() + 2;
        foreach (Device device in devices)
        {
            string revoked = device.Revocation is not null ? palette.Bad("revoked") : device.HeldRevoked ? palette.Bad("held for revoked") : "";
            writer.Write($"{device.Id.PadRight(id)}{Text(device.State).PadRight(Wide)}{Printable.Of(device.Site).PadRight(site)}{Risk(device),-10}{revoked}".TrimEnd() + "\n");
        }
        writer.Write(palette.Faint(DiagnosticReport.Count(devices.Count, "device")) + "\n");
    }

    /// <summary>Whom the decision point holds for revoked although its registry does not say so.</summary>
    /// <param name="unregistered">Those who are not in the list of devices.</param>
    /// <param name="all">How many there are.</param>
    public void Held(IEnumerable<string> unregistered, long all)
    {
        foreach (string id in unregistered)
            writer.Write($"{Printable.Of(id)}  not registered, and {palette.Bad("held for revoked")}\n");
        if (all > 0)
            writer.Write(palette.Faint($"{DiagnosticReport.Count(all, "device")} held for revoked here although the registry does not say so; to end that, register, revoke and reinstate them") + "\n");
    }

    public void Device(Device device, IEnumerable<DeviceHistoryEntry> history)
    {
        Row("device", $"{palette.Strong(device.Id)}, version {device.Version} of {Time(device.UpdatedAt)}");
        Row("state", Text(device.State));
        if (device.Revocation is { } revocation)
            Row("revoked", palette.Bad($"since {Time(revocation.At)}: {Printable.Of(revocation.Reason)}"));
        if (device.HeldRevoked)
            Row("revoked", palette.Bad("held here, although the registry does not say so") + ": an earlier registry did, or this one before a backup; revoke and reinstate it to end that");
        Row("site", device.HasSite ? Printable.Of(device.Site) : "not known");
        Row("risk", Risk(device)["risk ".Length..]);
        foreach ((string name, AttributeValue value) in device.Attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal))
            Row("", Printable.Of($"{name} = {WireMapping.FromWire(value)}"));
        foreach (DeviceHistoryEntry entry in history)
            Row("changed", palette.Faint(Printable.Of($"{Time(entry.At)} {entry.Verb} by {entry.Actor}{(entry.Reason.Length > 0 ? $": {entry.Reason}" : "")}")));
    }

    public void Import(string path, ImportDevicesResponse came, bool isDry)
    {
        foreach (ImportFault fault in came.Faults)
            writer.Write($"{Printable.Of(path)}:{fault.Line}:{fault.Column}: {palette.Bad("fault")}: {Printable.Of(fault.Message)}\n");
        foreach (ImportFault warning in came.Warnings)
            writer.Write($"{Printable.Of(path)}:{warning.Line}:{warning.Column}: {palette.Warn("warning")}: {Printable.Of(warning.Message)}\n");
        ImportSummary summary = came.Summary ?? new ImportSummary();
        string written = summary.Written ? palette.Good("written") : isDry ? "nothing written, as asked" : palette.Bad("nothing written");
        writer.Write($"{written}: {DiagnosticReport.Count(summary.Good, "device")} good, {summary.Changed} {(summary.Written ? "changed" : "would change")}, {DiagnosticReport.Count(summary.Faults, "fault")}\n");
    }

    private void Row(string name, string text) => writer.Write($"{palette.Faint(name.PadRight(Wide))}{text}\n");

    private static string Risk(Device device) => device.HasRisk ? $"risk {device.Risk}" : "risk ?";

    private static string Text(DeviceState state) => state.ToString().ToLowerInvariant();

    private static string Time(Timestamp? time) => time is null ? "-" : $"{time.ToDateTimeOffset():yyyy-MM-ddTHH:mm:ssZ}";
}
