using System.Text.Json;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Development;
using PolicyM2M.Pdp.Revisions;

namespace PolicyM2M.Pdp.Startup;

/// <summary>What the person at the console reads when the server is up.</summary>
internal static class StartupMessage
{
    /// <summary>Claims in the command to paste: enough to see that they count, few enough to stay on the screen.</summary>
    private const int ClaimsShown = 2;

    public static void Write(TextWriter console, RevisionStatus status, RevisionSource source, string address, DataFolder data, string registry, DevelopmentCredentials credentials, bool isDataGiven, DateTimeOffset now)
    {
        ActiveRevision revision = status.Active;
        console.WriteLine($"""

            PolicyM2M decision point, process {Environment.ProcessId}
              serves    {revision.Bundle.Name}: {string.Join(", ", revision.Bundle.Policies)}
              from      `{source.Folder}` of {source.Repository} at {source.Ref}, commit {revision.ShortId} ({revision.Summary})
              listening on {address} (gRPC, mutual TLS)
              keys and certificates in {data.Pki}, devices in {registry}
            """);
        if (status.Refused is { } refused)
            console.WriteLine($"  BUT the newest commit {ActiveRevision.Shorten(refused.CommitId)} cannot be served, so this is the one that was served last; the log says why");
        if (credentials.InUse)
            WriteDevelopment(console, revision, Reachable(address), data, credentials, isDataGiven, now);
        console.WriteLine("\nCtrl+C stops it.\n");
    }

    private static void WriteDevelopment(TextWriter console, ActiveRevision revision, string address, DataFolder data, DevelopmentCredentials credentials, bool isDataGiven, DateTimeOffset now)
    {
        if (credentials.Made.Count > 0)
            console.WriteLine($"  made just now: {string.Join(", ", credentials.Made.Select(Path.GetFileName))}");
        console.WriteLine($"""

            These are DEVELOPMENT credentials: whoever reads that folder is a device, a gateway, an operator or an auditor. Never use them elsewhere.

            Ask for a decision, as the device plc-0042:

              npx -y @bufbuild/buf@1.75.0 curl --protocol grpc --cert {Shell(data.Certificate("device"))} --key {Shell(data.Key("device"))} \
                --cacert {Shell(data.Certificate("ca"))} \
                -d {Quoted(Request(revision, now))} \
                {address}/policym2m.v1.DecisionService/Decide

            Be that device, with the agent:

              {Agent(address, data, isDataGiven)}
            """);
    }

    /// <summary>Every address of the machine is none to connect to; and the development certificate names this machine only as itself.</summary>
    private static string Reachable(string address) =>
        address.Replace("//0.0.0.0:", "//127.0.0.1:", StringComparison.Ordinal).Replace("//[::]:", "//127.0.0.1:", StringComparison.Ordinal);

    private static string Agent(string address, DataFolder data, bool isDataGiven)
    {
        const string Run = "dotnet run --project enforcement-sdk/PolicyM2M.Agent";
        string where = address == "https://127.0.0.1:8443" ? "" : $" --pdp {address}";
        string who = !isDataGiven ? ""
            : $" --cert {Shell(data.Certificate("device"))} --key {Shell(data.Key("device"))} --ca {Shell(data.Certificate("ca"))} --cache {Shell(Path.Combine(data.Path, "agent"))}";
        return Run + (where + who is { Length: > 0 } more ? " --" + more : "");
    }

    /// <summary>A request with values that the schema of this very policy set allows.</summary>
    private static string Request(ActiveRevision revision, DateTimeOffset now)
    {
        IEnumerable<AttributeDefinition> claims = revision.NeededClaims.Select(name => revision.Bundle.Attributes[name]);
        var attributes = claims.OrderBy(Familiarity).Take(ClaimsShown).ToDictionary(claim => claim.Name, claim => Example(claim, now));
        return JsonSerializer.Serialize(new { attributes });
    }

    /// <summary>Versions and times show best that a value counts; what the registry of the example devices knows would only be overruled.</summary>
    private static int Familiarity(AttributeDefinition claim) => claim.Type switch
    {
        AttributeType.Version => 0,
        AttributeType.Duration or AttributeType.Instant => 1,
        AttributeType.String => 2,
        _ => 3,
    };

    private static object Example(AttributeDefinition claim, DateTimeOffset now) => claim.Type switch
    {
        AttributeType.Bool => new { boolean = true },
        AttributeType.Int => new { integer = claim.Minimum ?? 1 },
        AttributeType.Version => new { text = "2.6.0" },
        AttributeType.Duration => new { text = "6d" },
        AttributeType.Instant => new { text = InstantText.Format(new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).ToUnixTimeSeconds()) },
        _ => new { text = claim.Values is [var first, ..] ? first : "example" },
    };

    /// <summary>Relative where that is shorter, so that the command fits.</summary>
    private static string Shell(string path)
    {
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        string shown = relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
        return shown.All(c => char.IsLetterOrDigit(c) || c is '/' or '\\' or '.' or '-' or '_' or ':') ? shown : Quoted(shown);
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
