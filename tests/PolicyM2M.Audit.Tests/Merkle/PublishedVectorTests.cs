using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Tests.Merkle;

/// <summary>The test vectors of the Certificate Transparency project for RFC 6962: the same that other logs are tested with.</summary>
internal sealed class PublishedVectorTests
{
    private static readonly string[] Records = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    private static readonly SampleTree Tree = new([.. Records.Select(Convert.FromHexString)]);

    [Test]
    public void Each_size_has_the_published_root()
    {
        var frontier = new Frontier();
        for (int size = 0; size <= Records.Length; size++)
        {
            Assert.That(frontier.Root.ToString(), Is.EqualTo(Roots[size]), $"the frontier of {size}");
            Assert.That(TreeProof.Root(size, Tree.WholeSubtree).ToString(), Is.EqualTo(Roots[size]), $"the tree of {size}");
            if (size < Records.Length)
                frontier.Append(Tree.Leaf(size));
        }
    }

    [TestCase(0, 1, "")]
    [TestCase(2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [TestCase(5, 8, "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b "
        + "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    public void A_record_is_proven_by_the_published_hashes(int index, int size, string proof) =>
        Assert.That(string.Join(' ', TreeProof.Inclusion(index, size, Tree.WholeSubtree)), Is.EqualTo(proof));

    [TestCase(1, 1, "")]
    [TestCase(1, 8, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7 "
        + "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e 6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")]
    [TestCase(2, 5, "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b")]
    [TestCase(6, 8, "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a "
        + "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    public void Growth_is_proven_by_the_published_hashes(int earlier, int size, string proof) =>
        Assert.That(string.Join(' ', TreeProof.Consistency(earlier, size, Tree.WholeSubtree)), Is.EqualTo(proof));
}
