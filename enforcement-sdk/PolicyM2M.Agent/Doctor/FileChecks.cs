using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Agent.Configuration;
using PolicyM2M.Agent.Files;

namespace PolicyM2M.Agent.Doctor;

/// <summary>Looks at the files that the daemon lives by.</summary>
internal static class FileChecks
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>32 MiB of decisions and 9 of a bundle are the most that is kept, and a new file is written beside the one that it replaces; the rest is for credentials and marks.</summary>
    private const long LeastRoom = 96L << 20;

    /// <summary>A block: an empty file can be made on a disk that is full.</summary>
    private const int ProbeBytes = 4 << 10;

    // Linux, errno(3), which the platform hands on.
    private const int NoRoom = 28, ReadOnly = 30;

    /// <summary>A certificate with less of its time left should have been renewed.</summary>
    private const double LeastLeft = 0.1;

    public static Finding Certificate(AgentConfiguration configuration, DateTimeOffset now) => Try("certificate", () =>
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Text(configuration.Certificate));
        DateTimeOffset from = certificate.NotBefore.ToUniversalTime(), until = certificate.NotAfter.ToUniversalTime();
        if (now >= until)
            return new Finding("certificate", Severity.Fault, $"{configuration.Certificate} expired on {until:u}", "have a new one issued; the old one cannot renew itself any more");
        if (now < from)
            return new Finding("certificate", Severity.Fault, $"{configuration.Certificate} is valid from {from:u} only", "look at this machine's clock, and then at the authority's");
        return (until - now) / (until - from) < LeastLeft
            ? new Finding("certificate", Severity.Warning, $"{configuration.Certificate} expires on {until:u}", "renew it now, and look why that has not happened by itself")
            : new Finding("certificate", Severity.Ok, $"{configuration.Certificate} is valid until {until:u}");
    }, $"put the gateway's certificate there, in PEM: {configuration.Certificate}");

    public static Finding Key(AgentConfiguration configuration) => Try("key", () =>
    {
        UnixFileMode mode = File.GetUnixFileMode(configuration.Key);
        if ((mode & Others) != 0)
            return new Finding("key", Severity.Fault, $"{configuration.Key} can be read or written by others",
                $"chmod 600 {configuration.Key}; who may have read it has the gateway's identity, so renew it with a new key");
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(Text(configuration.Certificate));
        using X509Certificate2 whole = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), Text(configuration.Key));
        return new Finding("key", Severity.Ok, $"{configuration.Key} is the certificate's, and its owner's alone");
    }, $"put the certificate's own private key there, unencrypted PEM: {configuration.Key}");

    public static Finding Trust(AgentConfiguration configuration, DateTimeOffset now) => Try("trust", () =>
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(Text(configuration.Trust));
        if (authorities.Count == 0)
            return new Finding("trust", Severity.Fault, $"{configuration.Trust} holds no certificate", "put the authorities of the decision point there, in PEM");
        if ((File.GetUnixFileMode(configuration.Trust) & OthersWrite) != 0)
            return new Finding("trust", Severity.Fault, $"{configuration.Trust} can be written by others", $"chmod 644 {configuration.Trust}, and compare it with the one that you gave out");
        return authorities.Any(authority => authority.NotAfter.ToUniversalTime() > now)
            ? new Finding("trust", Severity.Ok, $"{configuration.Trust} holds {authorities.Count} of the authorities")
            : new Finding("trust", Severity.Fault, $"every authority in {configuration.Trust} has expired", "put the new ones there");
    }, $"put the authorities of the decision point there, in PEM: {configuration.Trust}");

    public static Finding State(AgentConfiguration configuration) => Try("state", () =>
    {
        if (!Directory.Exists(configuration.State))
            return new Finding("state", Severity.Warning, $"there is no folder {configuration.State} yet: the service makes it at its first start (StateDirectory), and the agent itself where it may",
                $"systemctl start policym2m-agent, or: install -d -m 700 -o policym2m-agent {configuration.State}");
        if ((File.GetUnixFileMode(configuration.State) & OthersWrite) != 0)
            return new Finding("state", Severity.Fault, $"{configuration.State} can be written by others", $"chmod 700 {configuration.State}");
        string probe = Path.Combine(configuration.State, $"doctor.{Guid.NewGuid():N}");
        try
        {
            File.WriteAllBytes(probe, new byte[ProbeBytes]);
            return new Finding("state", Severity.Ok, $"{configuration.State} can be written");
        }
        catch (IOException full) when (full.HResult == NoRoom)
        {
            return new Finding("state", Severity.Fault, $"nothing more can be written to {configuration.State}: its disk is full", "make room: decisions, bundles and renewed certificates cannot be kept");
        }
        catch (IOException unwritable) when (unwritable.HResult == ReadOnly)
        {
            return new Finding("state", Severity.Fault, $"{configuration.State} is on a file system that is mounted to be read only",
                "mount it to be written (mount -o remount,rw), and see in dmesg whether the kernel made it so after a fault of the disk");
        }
        finally
        {
            File.Delete(probe);
        }
    }, $"let the agent's user write to {configuration.State}");

    public static Finding Disk(AgentConfiguration configuration) => Try("disk", () =>
    {
        long room = new DriveInfo(Existing(configuration.State)).AvailableFreeSpace;
        return room < LeastRoom
            ? new Finding("disk", Severity.Warning, $"{room >> 10} KiB are left where {configuration.State} is", "make room: decisions that cannot be kept are lost when the agent ends")
            : new Finding("disk", Severity.Ok, $"{room >> 20} MiB are left");
    }, $"see to the file system that holds {configuration.State}");

    /// <summary>The folder, or the nearest above it that is there: on its disk the folder will be made.</summary>
    private static string Existing(string folder) => Directory.Exists(folder) ? folder : Existing(Path.GetDirectoryName(folder) ?? "/");

    private static string Text(string path) => OrdinaryFile.ReadText(path, OrdinaryFile.LargestPem);

    private static Finding Try(string check, Func<Finding> look, string remedy)
    {
        try
        {
            return look();
        }
        catch (UnauthorizedAccessException forbidden)
        {
            return new Finding(check, Severity.Fault, forbidden.Message, UserChecks.Remedy);
        }
        catch (Exception fault) when (fault is IOException or CryptographicException or ArgumentException)
        {
            return new Finding(check, Severity.Fault, fault.Message, remedy);
        }
    }
}
