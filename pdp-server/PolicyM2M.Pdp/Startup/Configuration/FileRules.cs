using System.Security.Cryptography;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Auditing;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Identity.Mapping;
using PolicyM2M.Pdp.Webhook;
using PolicyM2M.Store;
using PolicyM2M.Store.Signatures;
using PolicyM2M.X509.Revocation;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>What is wrong in files that options name, by those who read them at a start: there each would tell of its own and end it, and the next would be told at the next start.</summary>
internal static class FileRules
{
    /// <param name="option">Its name.</param>
    /// <param name="values">What it is given, each of which names a file or a folder.</param>
    /// <param name="hasRoles">Whether an option names the roles file, so that the one in the data folder does not count.</param>
    public static IEnumerable<string> FaultsOf(string option, IEnumerable<string> values, bool hasRoles) => option switch
    {
        "--audit-pseudonyms" => Files(values).SelectMany(file => Fault(option, () => Pseudonyms.Of(file))),
        "--webhook-secret" => Files(values).SelectMany(file => Fault(option, () => WebhookSecret.Read(file))),
        "--allowed-signers" => Files(values).SelectMany(file => Fault(option, () => AllowedSigners.Load(file))),
        "--trust" => Files(values.Select(bundle => bundle[(bundle.IndexOf('=', StringComparison.Ordinal) + 1)..])).SelectMany(file => Fault(option, () => TrustFiles.Load(file))),
        "--crl" => Files(values).Select(RevocationFiles.FaultOf).OfType<string>(),
        "--roles" => Files(values).SelectMany(file => FaultsOfRoles(option, file)),
        "--data" => FaultsOfData(option, values.LastOrDefault(), hasRoles),
        _ => [],
    };

    /// <summary>That a file is not there is told already.</summary>
    private static IEnumerable<string> Files(IEnumerable<string> files) => files.Where(File.Exists);

    /// <summary>What a start would find in the folder that is named, or in the usual one where none is.</summary>
    private static IEnumerable<string> FaultsOfData(string option, string? named, bool hasRoles)
    {
        DataFolder? data = null;
        string[] faults = Fault(option, () => data = DataFolder.Find(named));
        return data is null ? faults : FaultsOfCredentials(data).Concat(hasRoles ? [] : FaultsOfUsualRoles(option, data));
    }

    private static IEnumerable<string> FaultsOfUsualRoles(string option, DataFolder data) =>
        Path.Exists(data.Roles) ? FaultsOfRoles(option, data.Roles) : CallerFiles.FaultOfAbsence(data) is { } absent ? [absent] : [];

    private static IEnumerable<string> FaultsOfRoles(string option, string file)
    {
        IReadOnlyList<string> faults = [];
        return [.. Fault(option, () => RoleMapReader.Read(OrdinaryFile.Read(file, RoleMapReader.MaximumBytes), file, out faults)), .. faults];
    }

    /// <summary>The credentials, and what is read by them. Where there are none yet, a start makes some for development or says that they are missing.</summary>
    private static string[] FaultsOfCredentials(DataFolder data)
    {
        if (!File.Exists(data.Certificate("server")))
            return [];
        TlsCredentials? credentials = null;
        string[] faults = [.. Fault("--data", () => credentials = TlsCredentials.Load(data, new CallerOptions()))];
        if (credentials is null)
            return faults;
        var lists = new RevocationFiles(data, new CallerOptions());
        return [.. Fault("--data", () => lists.Look(credentials.Trust, RevocationLists.None)), .. lists.Faults, .. Fault("--data", () => ListedAuthorities.Open(data.CrlRequired))];
    }

    private static string[] Fault(string option, Action read)
    {
        try
        {
            read();
            return [];
        }
        catch (Exception fault) when (fault is StartupException or PolicyStoreException or CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            string message = fault is StartupException or PolicyStoreException ? FaultText.Of(fault) : $"the file cannot be used: {FaultText.Of(fault)}";
            return [message.StartsWith($"{option}: ", StringComparison.Ordinal) ? message[(option.Length + 2)..] : message];
        }
    }
}
