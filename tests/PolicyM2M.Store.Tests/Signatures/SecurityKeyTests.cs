using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Store.Signatures;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Signatures;

/// <summary>
/// Signatures of security keys (FIDO). What such a device does is done here by openssl, since a machine that runs tests has none; the real ssh-keygen
/// agrees that what comes out is what a device makes.
/// </summary>
[TestFixture]
public sealed class SecurityKeyTests
{
    private static readonly byte[] Message = Encoding.UTF8.GetBytes("tree 0123\n\nsigned\n");

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Prepare() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("sk-ssh-ed25519@openssh.com")]
    [TestCase("sk-ecdsa-sha2-nistp256@openssh.com")]
    public void A_security_key_that_somebody_touched_signs_as_ssh_keygen_says_too(string type)
    {
        (string armored, string key) = Sign(type, flags: 1);

        var signature = SshSignature.Parse(armored);

        Assert.That(signature.Verifies(Message), Is.True);
        Assert.That(signature.Verifies([.. Message, (byte)'x']), Is.False);
        Assert.That(AllowedSigners.Load(_folder.Write("allowed", $"alice {type} {key}\n")).PersonOf(signature.Key), Is.EqualTo("alice"));
        _folder.Write("signature", armored);
        FinishedProcess.Run(RequiredProgram.SshKeygen.Require(), ["-Y", "verify", "-f", _folder["allowed"], "-I", "alice", "-n", "git", "-s", _folder["signature"]], input: Encoding.UTF8.GetString(Message)).Succeeded();
    }

    [TestCase("sk-ssh-ed25519@openssh.com")]
    [TestCase("sk-ecdsa-sha2-nistp256@openssh.com")]
    public void A_security_key_that_nobody_touched_signs_nothing(string type) =>
        Assert.That(SshSignature.Parse(Sign(type, flags: 0).Armored).Verifies(Message), Is.False);

    /// <summary>A signature of <see cref="Message"/>, and the base64 of the key (OpenSSH, PROTOCOL.sshsig and PROTOCOL.u2f).</summary>
    private (string Armored, string Key) Sign(string type, byte flags)
    {
        bool isEcdsa = type.StartsWith("sk-ecdsa", StringComparison.Ordinal);
        string openssl = RequiredProgram.OpenSsl.Require();
        string[] algorithm = isEcdsa ? ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] : ["-algorithm", "ed25519"];
        FinishedProcess.Run(openssl, ["genpkey", .. algorithm, "-out", _folder["key"]]).Succeeded();
        FinishedProcess.Run(openssl, ["pkey", "-in", _folder["key"], "-pubout", "-outform", "DER", "-out", _folder["public"]]).Succeeded();
        byte[] point = File.ReadAllBytes(_folder["public"])[isEcdsa ? ^65.. : ^32..];
        byte[] key = [.. Text(type), .. isEcdsa ? Text("nistp256") : [], .. Field(point), .. Text("ssh:")];

        byte[] signed = [.. "SSHSIG"u8, .. Text("git"), .. Text(""), .. Text("sha512"), .. Field(SHA512.HashData(Message))];
        byte[] counter = [0, 0, 0, 7];
        _folder.Write("message", [.. SHA256.HashData("ssh:"u8), flags, .. counter, .. SHA256.HashData(signed)]);
        string[] how = isEcdsa ? ["dgst", "-sha256", "-sign", _folder["key"], "-out", _folder["raw"], _folder["message"]] : ["pkeyutl", "-sign", "-rawin", "-inkey", _folder["key"], "-in", _folder["message"], "-out", _folder["raw"]];
        FinishedProcess.Run(openssl, how).Succeeded();
        byte[] raw = File.ReadAllBytes(_folder["raw"]);
        byte[] signature = [.. Text(type), .. Field(isEcdsa ? Numbers(raw) : raw), flags, .. counter];

        byte[] blob = [.. "SSHSIG"u8, 0, 0, 0, 1, .. Field(key), .. Text("git"), .. Text(""), .. Text("sha512"), .. Field(signature)];
        return ($"{SshSignature.Begin}\n{Convert.ToBase64String(blob)}\n-----END SSH SIGNATURE-----\n", Convert.ToBase64String(key));
    }

    /// <summary>The two numbers of a DER signature, as SSH writes them: in DER too they are big-endian, with a zero before a high bit.</summary>
    private static byte[] Numbers(byte[] der)
    {
        int length = der[3];
        return [.. Field(der[4..(4 + length)]), .. Field(der[(6 + length)..])];
    }

    private static byte[] Text(string text) => Field(Encoding.ASCII.GetBytes(text));

    private static byte[] Field(byte[] bytes)
    {
        byte[] field = new byte[sizeof(uint) + bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(field, (uint)bytes.Length);
        bytes.CopyTo(field, sizeof(uint));
        return field;
    }
}
