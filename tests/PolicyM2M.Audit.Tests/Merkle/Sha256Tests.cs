using System.Security.Cryptography;
using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Tests.Merkle;

/// <summary>The two ways to a hash, held against the platform's.</summary>
internal sealed class Sha256Tests
{
    [Test]
    public void Both_ways_give_the_hash_of_the_two_pieces_in_one()
    {
        var random = new Random(1);
        byte[] mine = new byte[SHA256.HashSizeInBytes], platforms = new byte[SHA256.HashSizeInBytes];
        for (int length = 0; length < 400; length++)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            int cut = random.Next(length + 1);
            Sha256.Hash(bytes.AsSpan(..cut), bytes.AsSpan(cut..), mine);
            Sha256.HashByPlatform(bytes.AsSpan(..cut), bytes.AsSpan(cut..), platforms);
            Assert.That((Convert.ToHexString(mine), Convert.ToHexString(platforms)), Is.EqualTo((Convert.ToHexString(SHA256.HashData(bytes)), Convert.ToHexString(SHA256.HashData(bytes)))), $"{length} bytes");
        }
    }

    [Test]
    public void Threads_do_not_mix_their_hashes() => Parallel.For(0, 2_000, i =>
    {
        byte[] bytes = BitConverter.GetBytes(i), hash = new byte[SHA256.HashSizeInBytes];
        Sha256.Hash(bytes, bytes, hash);
        Assert.That(hash, Is.EqualTo(SHA256.HashData([.. bytes, .. bytes])));
    });

    [Test]
    public void A_hash_allocates_nothing()
    {
        byte[] bytes = new byte[300], hash = new byte[SHA256.HashSizeInBytes];
        Sha256.Hash(bytes, bytes, hash);
        Assert.That(Enumerable.Range(0, 3).Min(_ => Allocated()), Is.Zero);

        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Sha256.Hash(bytes, bytes, hash);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
