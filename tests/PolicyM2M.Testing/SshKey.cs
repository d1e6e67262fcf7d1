namespace PolicyM2M.Testing;

/// <summary>A key pair that the real <c>ssh-keygen</c> made, without a passphrase.</summary>
/// <param name="Path">Where the private key is; <c>.pub</c> beside it is the public one.</param>
public sealed record SshKey(string Path)
{
    /// <summary>The public key as files hold it: its type and its base64.</summary>
    public string Public => string.Join(' ', File.ReadAllText($"{Path}.pub").Split(' ')[..2]);

    /// <summary>What people compare: <c>SHA256:</c> and a hash.</summary>
    public string Fingerprint => FinishedProcess.Run(RequiredProgram.SshKeygen.Require(), ["-l", "-f", $"{Path}.pub"]).Succeeded().Output.Split(' ')[1];

    /// <summary>Makes a key.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="name">The name of its file.</param>
    /// <param name="type">Its type, as <c>ssh-keygen -t</c> takes it.</param>
    /// <param name="bits">How large it is, where the type leaves that open.</param>
    public static SshKey Make(TemporaryFolder folder, string name, string type = "ed25519", int bits = 0)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string[] size = bits == 0 ? [] : ["-b", $"{bits}"];
        FinishedProcess.Run(RequiredProgram.SshKeygen.Require(), ["-q", "-t", type, .. size, "-N", "", "-C", name, "-f", folder[name]]).Succeeded();
        return new SshKey(folder[name]);
    }

    /// <summary>A line of an allowed signers file.</summary>
    public string Line(string principals, string options = "") => $"{principals} {(options.Length > 0 ? options + " " : "")}{Public}\n";
}
