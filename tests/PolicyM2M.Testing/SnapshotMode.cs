namespace PolicyM2M.Testing;

/// <summary>What may be written when a snapshot does not match.</summary>
internal enum SnapshotMode
{
    /// <summary>The received text is written beside the verified one, for somebody to look at.</summary>
    Compare,

    /// <summary>The received text becomes the verified one.</summary>
    Accept,

    /// <summary>Nothing is written: a build server judges, it does not review.</summary>
    ReadOnly,

    /// <summary>Nothing is written, and it is said that acceptance was asked for and refused.</summary>
    AcceptRefused,
}

internal static class SnapshotModes
{
    extension(SnapshotMode)
    {
        /// <summary>The mode of this run.</summary>
        public static SnapshotMode FromEnvironment() =>
            Of(ci: Environment.GetEnvironmentVariable("CI"), accept: Environment.GetEnvironmentVariable(Snapshot.AcceptVariable));

        /// <summary>The mode for those values of the environment variables.</summary>
        public static SnapshotMode Of(string? ci, string? accept) => (ci, accept) switch
        {
            ("true" or "1", "1") => SnapshotMode.AcceptRefused,
            ("true" or "1", _) => SnapshotMode.ReadOnly,
            (_, "1") => SnapshotMode.Accept,
            _ => SnapshotMode.Compare,
        };
    }
}
