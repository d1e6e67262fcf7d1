namespace PolicyM2M.Pdp.Startup;

/// <summary>What is the matter with a data folder that cannot be used, and what to do about it.</summary>
internal static class DataFolderFault
{
    /// <param name="path">What was to be made or written: the folder, or a file in it.</param>
    /// <param name="fault">What the system said.</param>
    public static string Of(string path, Exception fault)
    {
        string? there = path;
        while (there is not null && !Path.Exists(there))
            there = Path.GetDirectoryName(there);
        if (there is null)
            return FaultText.Of(fault);
        if (there != path && File.Exists(there))
            return $"`{there}` is a file, and no folder can be in it; name another (`--data`)";
        return fault is not UnauthorizedAccessException || OperatingSystem.IsWindows() ? FaultText.Of(fault) : Denied(there, File.GetUnixFileMode(there), Environment.UserName);
    }

    /// <summary>That an account may not write somewhere. Whose it is the platform does not tell; where its owner may, it is another's.</summary>
    internal static string Denied(string there, UnixFileMode mode, string account) => mode.HasFlag(UnixFileMode.UserWrite)
        ? $"`{there}` is another user's, and the account `{account}` may not write there; `chown -R {account}` gives it to that account, or name another folder (`--data`)"
        : $"nobody may write to `{there}`; `chmod u+w` lets its owner, or name another folder (`--data`)";
}
