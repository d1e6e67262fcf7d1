using System.Collections.Immutable;

namespace PolicyM2M.Agent.Configuration;

/// <summary>Reads what the configuration says of a source of claims.</summary>
internal static class ClaimSourceReading
{
    /// <summary>A program that takes longer would hold up the gateway's own decisions.</summary>
    private const int MostSeconds = 60;

    public static ClaimSource? Source(JsonReading json)
    {
        ClaimSource?[] said = [Os(json), JsonFile(json), Command(json)];
        if (said.Count(one => one is not null) == 1)
            return said.Single(one => one is not null);
        json.Fault("os", "expected one of `\"os\": true`, `\"file\": \"/path\"` and `\"command\": [\"/program\", …]`");
        return null;
    }

    private static ClaimSource.Os? Os(JsonReading json)
    {
        string? raw = json.Raw("os");
        if (raw is not (null or "true"))
            json.Fault("os", "expected `true`; leave the source out where it is not wanted");
        return raw is null ? null : new ClaimSource.Os();
    }

    private static ClaimSource.JsonFile? JsonFile(JsonReading json) => json.Raw("file") is null ? null : new ClaimSource.JsonFile(json.FullPath("file"));

    private static ClaimSource.Command? Command(JsonReading json)
    {
        if (json.Raw("command") is null)
            return null;
        int seconds = json.OptionalNumber("seconds", 1, MostSeconds) ?? 10;
        ImmutableArray<string> command = ProgramReading.Read(json, "command");
        return command.IsEmpty ? null : new ClaimSource.Command(command[0], command[1..], TimeSpan.FromSeconds(seconds));
    }
}
