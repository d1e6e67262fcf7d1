namespace PolicyM2M.Emitters.Stacks;

/// <summary>A drop-in of systemd that starts a service anew after a time, for what nothing else in it ends: sessions and connections.</summary>
internal static class RestartFile
{
    public const string FileName = "policym2m-restart.conf";

    /// <param name="service">The service, as its unit is called.</param>
    /// <param name="seconds">After how long.</param>
    public static EmittedFile Of(string service, long seconds) => new(FileName,
        new Lines().Add($"# {Lines.Origin}").Add("[Service]").Add($"RuntimeMaxSec={seconds}").Add("Restart=always").ToString(),
        $"put it into {service}.service.d of systemd: the service is restarted after that time, which ends all sessions and connections");
}
