using System.Text.Encodings.Web;
using System.Text.Json;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Renewing;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at everything that the daemon needs, and says of each thing how it stands and what to do.</summary>
internal static class DoctorCommand
{
    /// <summary>Looks, and writes the findings.</summary>
    /// <returns>0 where nothing is at fault, 2 where something is, 1 where the configuration cannot be read.</returns>
    public static async Task<int> RunAsync(string path, bool isJson, TimeProvider time, bool isSynchronised, TextWriter output, CancellationToken ending)
    {
        (IReadOnlyList<Finding> findings, int exitCode) = await LookAsync(path, time, isSynchronised, ending);
        output.Write(isJson ? Json(findings) : string.Concat(findings.Select(Text)));
        return exitCode;
    }

    private static async Task<(IReadOnlyList<Finding> Findings, int ExitCode)> LookAsync(string path, TimeProvider time, bool isSynchronised, CancellationToken ending)
    {
        AgentConfiguration configuration;
        try
        {
            configuration = ConfigurationFile.Read(path);
        }
        catch (CannotRunException fault)
        {
            return ([new Finding("configuration", Severity.Fault, fault.Message, "mend it; docs/agent.md says what may be there")], ExitCode.CouldNotRun);
        }
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<Finding> machine = StartChecks.Look(path, configuration, now);
        configuration = OwnCredential.WithInUse(configuration);
        (IReadOnlyList<Finding> sources, SaidOfItself said) = await ClaimChecks.LookAsync(configuration, ending);
        Finding[] findings =
        [
            .. UserChecks.Look(configuration),
            new("configuration", Severity.Ok, $"{path} can be used"),
            .. machine, StateChecks.Disk(configuration), .. StoreChecks.Look(configuration),
            .. sources, .. await PdpChecks.LookAsync(configuration, said, time, isSynchronised, ending),
        ];
        return (findings, findings.Any(finding => finding.Severity == Severity.Fault) ? ExitCode.Denied : ExitCode.Ok);
    }

    private static string Text(Finding finding)
    {
        string mark = finding.Severity switch { Severity.Ok => "ok     ", Severity.Warning => "warning", _ => "fault  " };
        string remedy = finding.Remedy.Length == 0 ? "" : $"        {finding.Remedy}\n";
        return $"{mark} {finding.Check}: {string.Join('\n', finding.Text.Split('\n').Select(Printable.Text))}\n{remedy}";
    }

    private static string Json(IReadOnlyList<Finding> findings)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (Finding finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("check", finding.Check);
                json.WriteString("severity", finding.Severity switch { Severity.Ok => "ok", Severity.Warning => "warning", _ => "fault" });
                json.WriteString("text", finding.Text);
                json.WriteString("remedy", finding.Remedy);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }
}
