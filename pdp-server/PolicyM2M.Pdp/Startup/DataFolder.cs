using PolicyM2M.Store;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Where the server keeps what is not in Git: keys, certificates, the registry.</summary>
/// <param name="Path">Its full path.</param>
internal sealed record DataFolder(string Path)
{
    /// <summary>Certificates and their keys.</summary>
    public string Pki => System.IO.Path.Combine(Path, "pki");

    /// <summary>The registry of devices, where it is kept in SQLite and nothing else is said.</summary>
    public string RegistryDatabase => System.IO.Path.Combine(Path, "registry.db");

    /// <summary>Devices with which an empty registry begins.</summary>
    public string Registry => System.IO.Path.Combine(Path, "devices.json");

    /// <summary>Who was revoked in the registry when it was last read.</summary>
    public string Revoked => System.IO.Path.Combine(Path, "revoked.json");

    /// <summary>The clones of remote repositories.</summary>
    public string Clones => System.IO.Path.Combine(Path, "git");

    /// <summary>Who has which role, unless an option names another file.</summary>
    public string Roles => System.IO.Path.Combine(Path, "roles.json");

    /// <summary>Is there once a file said who has which role.</summary>
    public string RolesRequired => System.IO.Path.Combine(Path, "roles-required");

    /// <summary>The bundles of other trust domains.</summary>
    public string Trust => System.IO.Path.Combine(Path, "trust");

    /// <summary>Revocation lists.</summary>
    public string Crl => System.IO.Path.Combine(Path, "crl");

    /// <summary>Which authorities must have one, since they had one.</summary>
    public string CrlRequired => System.IO.Path.Combine(Path, "crl-required.json");

    /// <summary>Which commit was served last.</summary>
    public string LastServed => System.IO.Path.Combine(Path, "last-served.json");

    /// <summary>What is pinned, on trial or withdrawn.</summary>
    public string Rollout => System.IO.Path.Combine(Path, "rollout.json");

    /// <summary>What commits compiled to.</summary>
    public string Compiled => System.IO.Path.Combine(Path, "compiled");

    /// <summary>Since when answers are made as they are.</summary>
    public string Activations => System.IO.Path.Combine(Path, "activations.json");

    /// <summary>The keys that sign decisions.</summary>
    public string SigningKeys => System.IO.Path.Combine(Path, "signing-keys.json");

    /// <summary>The audit log.</summary>
    public string Audit => System.IO.Path.Combine(Path, "audit");

    /// <summary>How far it was sent to a collector.</summary>
    public string AuditExport => System.IO.Path.Combine(Path, "audit-export.json");

    /// <summary>The key that signs its checkpoints.</summary>
    public string AuditKey => System.IO.Path.Combine(Path, "audit-key.pem");

    /// <summary>The certificate of this name.</summary>
    public string Certificate(string name) => System.IO.Path.Combine(Pki, $"{name}.pem");

    /// <summary>The private key that belongs to the certificate of this name.</summary>
    public string Key(string name) => System.IO.Path.Combine(Pki, $"{name}-key.pem");

    /// <summary>The folder the user named; otherwise <c>.policym2m</c> in the root of the work tree around the current folder.</summary>
    /// <exception cref="StartupException">There is a file of that name.</exception>
    public static DataFolder Find(string? named)
    {
        string path = System.IO.Path.GetFullPath(named ?? System.IO.Path.Combine(WorkTreeAround(Directory.GetCurrentDirectory()), ".policym2m"));
        return File.Exists(path) ? throw new StartupException($"--data: `{path}` is a file; name a folder, which is made where there is none") : new DataFolder(path);
    }

    private static string WorkTreeAround(string folder)
    {
        try
        {
            return GitPolicyRepository.Open(folder).WorkTree ?? folder;
        }
        catch (PolicyStoreException)
        {
            // Not inside a work tree, which is no fault: another repository may be served from anywhere.
            return folder;
        }
    }
}
