using PolicyM2M.Compiler.Tests.Oracle;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests;

/// <summary>Whatever becomes of a bundle's bytes, they are refused or they decide: no crash, and no walk without end. POLICYM2M_RUNS makes the run longer.</summary>
internal sealed class BundleFuzzTests
{
    private static readonly int Runs = int.TryParse(Environment.GetEnvironmentVariable("POLICYM2M_RUNS"), out int runs) ? runs : 400;

    private static readonly byte[] Shipped = PolicyCompiler.Compile(Repository.Sources(Path.Combine(Repository.Root, "policies"))).Bytes.ToArray();

    [Test]
    public void A_large_bundle_that_was_changed_is_refused_or_decides() => SeededProperty.Holds(Runs, random => Check(Changed(Shipped, random), random));

    [Test]
    public void A_random_bundle_that_was_changed_is_refused_or_decides() => SeededProperty.Holds(Runs, random =>
    {
        byte[] sound = PolicyCompiler.Compile(new RandomPolicies(random, isCorrelated: true).Set()).Bytes.ToArray();
        for (int i = 0; i < 20; i++)
            Check(Changed(sound, random), random);
    });

    [Test]
    public void Each_byte_of_the_shipped_bundle_may_change_by_one_bit() => SeededProperty.Holds(Runs / 4, random =>
    {
        byte[] bytes = [.. Shipped];
        bytes[random.Next(BundleSeal.End, bytes.Length)] ^= (byte)(1 << random.Next(8));
        Check(Sealed(bytes), random);
    });

    [Test]
    public void No_change_of_the_shipped_bundle_passes_its_seal() => SeededProperty.Holds(Runs / 4, random =>
    {
        byte[] bytes = [.. Shipped];
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>());
    });

    /// <summary>With a seal that holds, as whoever forges a bundle would write it: else nothing behind the seal were ever read.</summary>
    private static byte[] Sealed(byte[] bytes)
    {
        if (bytes.Length >= BundleSeal.End)
            BundleSeal.Put(bytes);
        return bytes;
    }

    private static byte[] Changed(byte[] bytes, Random random)
    {
        List<byte> changed = [.. bytes];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            int at = random.Next(changed.Count), length = Math.Min(random.Next(1, 64), changed.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    changed[at] = (byte)random.Next(256);
                    break;
                case 1 when changed.Count > 100:
                    changed.RemoveRange(at, length);
                    break;
                case 2:
                    changed.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.Next(256)));
                    break;
                case 3:
                    changed.InsertRange(random.Next(changed.Count), changed.GetRange(at, length));
                    break;
                default:
                    // Numbers at the edges of their ranges are what readers trip over.
                    for (int n = 0; n < Math.Min(4, changed.Count - at); n++)
                        changed[at + n] = random.Next(2) == 0 ? (byte)0xFF : (byte)0x7F;
                    break;
            }
        }
        return Sealed([.. changed]);
    }

    private static void Check(byte[] bytes, Random random)
    {
        DeviceContext context = random.Next(2) == 0 ? DeviceContext.Empty : new RandomPolicies(random).Context(missing: 3);
        BundleExercise.IsUsed(bytes, [context], RandomPolicies.Now, isThorough: random.Next(20) == 0);
    }
}
