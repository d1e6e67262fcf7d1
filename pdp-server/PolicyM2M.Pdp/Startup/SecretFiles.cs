namespace PolicyM2M.Pdp.Startup;

/// <summary>The files with secrets that options name, and those that a data folder has.</summary>
internal static class SecretFiles
{
    /// <summary>Those, and those of the data folder, that everybody on the machine can read, with their options. A group may well: a service's files often belong to root and to its group.</summary>
    public static IEnumerable<(string Option, string File)> ReadableByAll(PdpOptions options, DataFolder data) =>
        from named in new[]
        {
            ("--registry-db", RegistryOption.FileOf(options.RegistryDb)), ("--git-key", options.Access.SshKey), ("--git-token", options.Access.Token),
            ("--webhook-secret", options.WebhookSecret), ("--audit-pseudonyms", options.Audit.Pseudonyms),
            ("--data", data.Key("server")), ("--data", data.AuditKey), ("--data", data.SigningKeys),
        }
        where named.Item2 is not null && !OperatingSystem.IsWindows() && File.Exists(named.Item2) && File.GetUnixFileMode(named.Item2).HasFlag(UnixFileMode.OtherRead)
        select (named.Item1, named.Item2);
}
