using System.Collections.Immutable;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads how the gateway's own credential is renewed.</summary>
internal static class RenewalReading
{
    public static RenewalOptions? Renewal(JsonReading json)
    {
        string trust = json.FullPath("trust");
        string? est = json.OptionalText("est"), serverTrust = json.OptionalText("estTrust");
        ImmutableArray<string> command = json.Raw("command") is null ? [] : ProgramReading.Read(json, "command");
        if (command.IsEmpty == est is null)
        {
            json.Fault("est", "name an EST server or a command");
            return null;
        }
        if (est is null)
            return new RenewalOptions.Command(trust, command[0], command[1..]);
        if (Uri.TryCreate(est, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme == Uri.UriSchemeHttps)
            return new RenewalOptions.Est(trust, endpoint, serverTrust ?? trust);
        json.Fault("est", "expected an address such as https://ca.example/.well-known/est");
        return null;
    }
}
