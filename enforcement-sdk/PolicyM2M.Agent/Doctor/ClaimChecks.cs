using System.Collections.Immutable;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Local;
using PolicyM2M.Enforcement;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Asks each source of claims, as the daemon does.</summary>
internal static class ClaimChecks
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(65);

    /// <summary>What is found of each source, and all that the gateway says of itself.</summary>
    /// <param name="configuration">With the certificate in use.</param>
    /// <param name="ending">Ends it.</param>
    public static async Task<(IReadOnlyList<Finding> Findings, SaidOfItself Said)> LookAsync(AgentConfiguration configuration, CancellationToken ending)
    {
        var findings = new List<Finding>();
        DeviceContext said = configuration.Claims;
        ImmutableHashSet<string> facts = [];
        foreach (ClaimSource source in configuration.Sources)
        {
            IAttributeSource opened = source.Open();
            if (source.Path is { } path && IsOthers(path))
            {
                findings.Add(new Finding(CheckOf(opened), Severity.Fault, $"{path} can be written by others, who so say what the gateway is", $"chmod go-w {path}, and look at what it says"));
                continue;
            }
            (Finding finding, DeviceContext more) = await LookAsync(opened, ending);
            findings.Add(finding);
            if (opened is OsFactsSource)
                facts = [.. more.Values.Keys.Where(name => !said.Values.ContainsKey(name))];
            said = OwnClaims.Adding(said, more);
        }
        if (CertificateFile.TryOf(configuration.Certificate) is { } validity)
        {
            DeviceContext shown = OwnClaims.Shown(validity.From);
            facts = facts.Union(shown.Values.Keys.Where(name => !said.Values.ContainsKey(name)));
            said = OwnClaims.Adding(said, shown);
        }
        return (findings, new SaidOfItself(said, facts));
    }

    /// <summary>What the decision point found of it. What the operating system and the certificate say beyond what the policies know is no mistake: nobody wrote it.</summary>
    public static Finding Of(ClientEvent.ContextRead? read, SaidOfItself said)
    {
        IgnoredValue[] ignored = [.. (read?.Ignored ?? []).Where(value => !said.Facts.Contains(value.Name))];
        string missing = read is { Missing.IsEmpty: false } ? $"; of what the policies test it does not say {string.Join(", ", read.Missing)}" : "";
        return ignored.Length > 0
            ? new Finding("claims", Severity.Warning, $"not used, so these count as missing: {string.Join(", ", ignored.Select(value => $"`{value.Name}` ({value.Reason})"))}{missing}",
                "mend them where they are written: in `claims` of the configuration, or in the source that says them")
            : new Finding("claims", Severity.Ok, $"the decision point takes what is said{missing}");
    }

    private static string CheckOf(IAttributeSource source) => $"claims of {source.Name}";

    private static bool IsOthers(string path) => File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    private static async Task<(Finding Finding, DeviceContext Said)> LookAsync(IAttributeSource source, CancellationToken ending)
    {
        string check = CheckOf(source);
        try
        {
            DeviceContext said = await Task.Run(async () => await source.ReadAsync(needed: null, ending), ending).WaitAsync(Longest, ending);
            return (Of(check, said), said);
        }
        catch (Exception fault) when (fault is AttributeSourceException or TimeoutException)
        {
            string why = fault is TimeoutException ? $"it did not answer within {Longest.TotalSeconds:0} s" : fault.Message;
            return (new Finding(check, Severity.Fault, why, "mend it: what it does not say is missing, and the strictest holds"), DeviceContext.Empty);
        }
    }

    private static Finding Of(string check, DeviceContext said)
    {
        if (said.Values.Count == 0)
            return new Finding(check, Severity.Warning, "it says nothing", "have it print an object such as { \"firmware.version\": \"3.1.0\" }, or leave it out");
        string[] unusable = [.. said.Values.Where(value => value.Value.Kind == AttributeValueKind.Other).Select(value => $"`{value.Key}` ({value.Value})")];
        return unusable.Length > 0
            ? new Finding(check, Severity.Warning, $"no attribute can be what it says of {string.Join(", ", unusable)}", "a value is true or false, a whole number of 64 bits, a text, or a list of texts")
            : new Finding(check, Severity.Ok, $"it says {string.Join(", ", said.Values.Keys)}");
    }
}

/// <summary>What the gateway says of itself.</summary>
/// <param name="Claims">All of it.</param>
/// <param name="Facts">The names of those that the operating system says, or the certificate.</param>
internal sealed record SaidOfItself(DeviceContext Claims, ImmutableHashSet<string> Facts);
