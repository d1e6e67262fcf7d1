namespace PolicyM2M.Testing;

/// <summary>
/// A program that a test runs and that a machine may lack. Where it is missing the test is skipped or fails (<see cref="Requirement"/>), saying how to install it.
/// </summary>
/// <param name="Name">The program's name, looked for in PATH.</param>
/// <param name="Package">The Debian package that holds it.</param>
public sealed record RequiredProgram(string Name, string Package)
{
    /// <summary>The git command.</summary>
    public static RequiredProgram Git { get; } = new("git", "git");

    /// <summary>The openssl command.</summary>
    public static RequiredProgram OpenSsl { get; } = new("openssl", "openssl");

    /// <summary>Makes SSH keys and signatures.</summary>
    public static RequiredProgram SshKeygen { get; } = new("ssh-keygen", "openssh-client");

    /// <summary>The server of SSH.</summary>
    public static RequiredProgram Sshd { get; } = new("sshd", "openssh-server");

    /// <summary>The command that makes a cluster of PostgreSQL. Debian keeps it out of PATH.</summary>
    public static RequiredProgram InitDb { get; } = new("initdb", "postgresql");

    /// <summary>The broker of Eclipse. Debian keeps it where only the administrator looks.</summary>
    public static RequiredProgram Mosquitto { get; } = new("mosquitto", "mosquitto");

    /// <summary>The web server. Debian keeps it where only the administrator looks.</summary>
    public static RequiredProgram Nginx { get; } = new("nginx", "nginx");

    /// <summary>The full path of the program; skips or fails the running test where it is missing.</summary>
    /// <param name="beyondPath">Folders where it may be too, for a program that its package does not put into PATH.</param>
    public string Require(params string[] beyondPath)
    {
        ArgumentNullException.ThrowIfNull(beyondPath);
        // Debian keeps servers where only the administrator looks.
        if ((Find(Environment.GetEnvironmentVariable("PATH")) ?? Find("/usr/sbin")) is { } path)
            return path;
        if (Find(string.Join(Path.PathSeparator, beyondPath)) is { } elsewhere)
            return elsewhere;

        string message = $"`{Name}` is not in PATH. Install it with: apt-get install {Package}";
        Requirement.IsLacking(message);
        throw new InvalidOperationException(message);
    }

    /// <summary>The full path of the program in those folders; null where none has it.</summary>
    internal string? Find(string? folders)
    {
        string file = OperatingSystem.IsWindows() ? $"{Name}.exe" : Name;
        return (folders ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }
}
