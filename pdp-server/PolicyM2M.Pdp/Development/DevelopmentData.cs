using System.Text.Json;
using System.Text.Json.Nodes;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Registry;

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
    public static void Prepare(DataFolder data, DevelopmentCredentials credentials, Bundle policies)
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
            throw new StartupException($"the data folder {data.Path} cannot be written: {fault.Message}", ExitCode.CouldNotRun, fault);
        }
    }

    private static void CreateMissing(string file, string text)
    {
        if (!File.Exists(file))
            PrivateFile.Create(file, text);
    }

    /// <summary>Somebody's own policies know other attributes than the example's: what they do not know is left out, or each start would warn of it.</summary>
    private static string ExampleDevices(Bundle policies)
    {
        JsonObject devices = JsonNode.Parse(Shipped())!["devices"]!.AsObject();
        foreach ((_, JsonNode? device) in devices)
        {
            foreach (string unknown in device!.AsObject().Select(attribute => attribute.Key).Where(name => !AttributeNames.IsColumn(name) && !policies.Attributes.ContainsKey(name)).ToArray())
                device.AsObject().Remove(unknown);
        }
        return new JsonObject { ["devices"] = devices.DeepClone() }.ToJsonString(Format) + "\n";
    }

    private static string Shipped()
    {
        using Stream stream = typeof(DevelopmentData).Assembly.GetManifestResourceStream("devices.json")
            ?? throw new InvalidOperationException("the example registry is missing from the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
