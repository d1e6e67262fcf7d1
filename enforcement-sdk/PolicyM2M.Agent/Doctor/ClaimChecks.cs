using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Asks each source of claims, as the daemon does.</summary>
internal static class ClaimChecks
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(65);

    public static async Task<IReadOnlyList<Finding>> LookAsync(AgentConfiguration configuration, CancellationToken ending)
    {
        var findings = new List<Finding>();
        foreach (ClaimSource source in configuration.Sources)
        {
            IAttributeSource opened = source.Open();
            findings.Add(source.Path is { } path && IsOthers(path)
                ? new Finding(CheckOf(opened), Severity.Fault, $"{path} can be written by others, who so say what the gateway is", $"chmod go-w {path}, and look at what it says")
                : await LookAsync(opened, ending));
        }
        return findings;
    }

    private static string CheckOf(IAttributeSource source) => $"claims of {source.Name}";

    private static bool IsOthers(string path) => File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    private static async Task<Finding> LookAsync(IAttributeSource source, CancellationToken ending)
    {
        string check = CheckOf(source);
        try
        {
            DeviceContext said = await Task.Run(async () => await source.ReadAsync(needed: null, ending), ending).WaitAsync(Longest, ending);
            return said.Values.Count == 0
                ? new Finding(check, Severity.Warning, "it says nothing", "have it print an object such as { \"firmware.version\": \"3.1.0\" }, or leave it out")
                : new Finding(check, Severity.Ok, $"it says {string.Join(", ", said.Values.Keys)}");
        }
        catch (Exception fault) when (fault is AttributeSourceException or TimeoutException)
        {
            string why = fault is TimeoutException ? $"it did not answer within {Longest.TotalSeconds:0} s" : fault.Message;
            return new Finding(check, Severity.Fault, why, "mend it: what it does not say is missing, and the strictest holds");
        }
    }
}
