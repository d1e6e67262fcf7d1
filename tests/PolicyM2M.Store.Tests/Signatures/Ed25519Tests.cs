using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using PolicyM2M.Store.Signatures;
using PolicyM2M.Testing;

namespace PolicyM2M.Store.Tests.Signatures;

/// <summary>The verification of Ed25519, by the vectors of its RFC and by what another implementation signs.</summary>
[TestFixture]
public sealed class Ed25519Tests
{
    /// <summary>RFC 8032, section 7.1: the tests 1, 2, 3 and SHA(abc).</summary>
    private static readonly (string Key, string Message, string Signature)[] Vectors =
    [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
        ("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
    ];

    [Test]
    public void The_vectors_of_the_RFC_verify_and_not_with_any_one_bit_of_them_changed()
    {
        foreach ((string key, string message, string signature) in Vectors)
        {
            byte[][] parts = [Convert.FromHexString(key), Convert.FromHexString(message), Convert.FromHexString(signature)];
            Assert.That(Ed25519.Verify(parts[0], parts[1], parts[2]), Is.True, key);
            SeededProperty.Holds(30, random =>
            {
                byte[][] changed = [.. parts.Select(part => part.ToArray())];
                byte[] part = changed.Where(part => part.Length > 0).ElementAt(random.Next(parts.Count(part => part.Length > 0)));
                part[random.Next(part.Length)] ^= (byte)(1 << random.Next(8));
                Assert.That(Ed25519.Verify(changed[0], changed[1], changed[2]), Is.False);
            });
        }
    }

    [Test]
    public void What_openssl_signs_verifies_and_the_same_of_another_message_does_not()
    {
        string openssl = RequiredProgram.OpenSsl.Require();
        using var folder = new TemporaryFolder();
        for (int length = 1; length < 200; length += 37)
        {
            byte[] message = RandomNumberGenerator.GetBytes(length);
            folder.Write("message", message);
            FinishedProcess.Run(openssl, ["genpkey", "-algorithm", "ed25519", "-out", folder["key"]]).Succeeded();
            FinishedProcess.Run(openssl, ["pkey", "-in", folder["key"], "-pubout", "-outform", "DER", "-out", folder["public"]]).Succeeded();
            FinishedProcess.Run(openssl, ["pkeyutl", "-sign", "-rawin", "-inkey", folder["key"], "-in", folder["message"], "-out", folder["signature"]]).Succeeded();
            byte[] key = File.ReadAllBytes(folder["public"])[^32..], signature = File.ReadAllBytes(folder["signature"]);

            Assert.That(Ed25519.Verify(key, message, signature), Is.True);
            Assert.That(Ed25519.Verify(key, [.. message, 0], signature), Is.False);
        }
    }

    [Test]
    public void A_second_signature_made_of_the_first_by_adding_the_order_is_refused()
    {
        (string key, string message, string text) = Vectors[1];
        byte[] signature = Convert.FromHexString(text);
        var order = BigInteger.Parse("7237005577332262213973186563042994240857116359379907606001950938285454250989", System.Globalization.CultureInfo.InvariantCulture);
        byte[] larger = new byte[32];
        (new BigInteger(signature.AsSpan(32), isUnsigned: true) + order).TryWriteBytes(larger, out _, isUnsigned: true);

        Assert.That(Ed25519.Verify(Convert.FromHexString(key), Convert.FromHexString(message), [.. signature[..32], .. larger]), Is.False);
    }

    [TestCase("", Description = "no bytes")]
    [TestCase("00", Description = "too few")]
    [TestCase("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", Description = "y is the prime itself, a second way to write zero")]
    [TestCase("0200000000000000000000000000000000000000000000000000000000000000", Description = "no point of the curve has this y")]
    [TestCase("0100000000000000000000000000000000000000000000000000000000000080", Description = "x is zero and said to be odd")]
    public void What_is_no_key_verifies_nothing(string key) =>
        Assert.That(Ed25519.Verify(Convert.FromHexString(key), Encoding.ASCII.GetBytes("x"), new byte[64]), Is.False);
}
