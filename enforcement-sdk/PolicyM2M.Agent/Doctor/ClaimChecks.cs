using PolicyM2M.Agent.Configuration;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Asks each source of claims, as the daemon does.</summary>
internal static class ClaimChecks
{
    public static async Task<IReadOnlyList<Finding>> LookAsync(AgentConfiguration configuration, CancellationToken ending)
    {
        var findings = new List<Finding>();
        foreach (IAttributeSource source in configuration.Sources.Select(source => source.Open()))
            findings.Add(await LookAsync(source, ending));
        return findings;
    }

    private static async Task<Finding> LookAsync(IAttributeSource source, CancellationToken ending)
    {
        string check = $"claims of {source.Name}";
        try
        {
            DeviceContext said = await source.ReadAsync(needed: null, ending);
            return said.Values.Count == 0
                ? new Finding(check, Severity.Warning, "it says nothing", "have it print an object such as { \"firmware.version\": \"3.1.0\" }, or leave it out")
                : new Finding(check, Severity.Ok, $"it says {string.Join(", ", said.Values.Keys)}");
        }
        catch (AttributeSourceException fault)
        {
            return new Finding(check, Severity.Fault, fault.Message, "mend it: what it does not say is missing, and the strictest holds");
        }
    }
}
