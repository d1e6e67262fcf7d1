using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Engine;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;
using PolicyM2M.Registry.Files;

namespace PolicyM2M.Pdp.Development;

/// <summary>The rest of a development data folder: a registry with the example devices, and nothing of it in Git.</summary>
internal static class DevelopmentData
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    /// <summary>Makes what is missing, in a folder that holds development credentials.</summary>
    /// <param name="data">The folder.</param>
    /// <param name="credentials">What was made there.</param>
    /// <param name="policies">The policies that are served.</param>
    /// <exception cref="StartupException">The folder cannot be written.</exception>
    public static void Prepare(DataFolder data, DevelopmentCredentials credentials, Decider policies)
    {
        if (!credentials.InUse)
            return;
        try
        {
            // Keys that lie in a work tree are one `git add .` away from being published.
            CreateMissing(Path.Combine(data.Path, ".gitignore"), "*\n");
            CreateMissing(data.Registry, ExampleDevices(policies));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the data folder {data.Path} cannot be written: {DataFolderFault.Of(data.Path, fault)}", ExitCode.CouldNotRun, fault);
        }
    }

    private static void CreateMissing(string file, string text)
    {
        if (!File.Exists(file))
            PrivateFile.Create(file, text);
    }

    /// <summary>Somebody's own policies may have no use for what the examples say, and each start would warn of it: then they say what every registry does, or nothing.</summary>
    private static string ExampleDevices(Decider policies) => new[] { Shipped(), OnlyColumns() }.FirstOrDefault(devices =>
        DeviceImport.Read(Encoding.UTF8.GetBytes(devices), ImportFormat.Json, policies) is { Faults.IsEmpty: true, Warnings.IsEmpty: true }) ?? "{ \"devices\": {} }\n";

    private static string OnlyColumns()
    {
        JsonNode all = JsonNode.Parse(Shipped())!;
        foreach ((_, JsonNode? device) in all["devices"]!.AsObject())
        {
            foreach (string other in device!.AsObject().Select(attribute => attribute.Key).Where(name => !AttributeNames.IsColumn(name)).ToArray())
                device.AsObject().Remove(other);
        }
        return all.ToJsonString(Format) + "\n";
    }

    private static string Shipped()
    {
        using Stream stream = typeof(DevelopmentData).Assembly.GetManifestResourceStream("devices.json")
            ?? throw new InvalidOperationException("the example registry is missing from the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
