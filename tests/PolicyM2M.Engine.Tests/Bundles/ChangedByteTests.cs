using System.Collections.Concurrent;
using PolicyM2M.Compiler;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Testing;

namespace PolicyM2M.Engine.Tests.Bundles;

/// <summary>
/// Every change of a single byte of a small bundle, to each of the 255 other values. Each that is read decides, and tells its regions; one in some also is explained and compared. With POLICYM2M_RUNS every one
/// is, and the larger sample is taken as well: that needs many minutes.
/// </summary>
internal sealed class ChangedByteTests
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("POLICYM2M_RUNS") is not null;

    /// <summary>One of so many is used in every way.</summary>
    private static readonly int Some = IsLong ? 1 : 20;

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 30, 0, TimeSpan.Zero);

    /// <summary>It has an attribute of each way to be coded, a test of each kind of node, a denial, and registered names.</summary>
    private static readonly byte[] Small = Compiled(
    [
        new SourceFile("policyset.yaml", "name: s\nattributes: a.attributes.yaml\npolicies: [p.m2m]\n"),
        new SourceFile("a.attributes.yaml", """
            attributes:
              k: { type: enum, values: [a, b], default: b, provenance: claimed, description: x }
              n: { type: int, minimum: 0, maximum: 99, provenance: registry, description: x }
              v: { type: version, provenance: claimed, description: x }
            """),
        new SourceFile("p.m2m", """
            policy p
            cipher-suites { when k == "a" and n > 5 and v < 2.0 use { versions 1.3 suites TLS_AES_128_GCM_SHA256 groups x25519 fresh-for 1h } when has v and time.weekday == mon deny "x" }
            rotation { otherwise use { renew-at 2/3 } }
            """),
    ]);

    private static readonly DeviceContext Known = DeviceContext.Of(new Dictionary<string, AttributeValue> { ["k"] = AttributeValue.Of("a"), ["n"] = AttributeValue.Of(40), ["v"] = AttributeValue.Of("1.9") });

    private static IEnumerable<TestCaseData> Samples()
    {
        yield return new TestCaseData(Small, Known).SetArgDisplayNames("small");
        if (IsLong)
            yield return new TestCaseData(Sample.Bundle.ToBytes(), Sample.Plc).SetArgDisplayNames("large");
    }

    [TestCaseSource(nameof(Samples))]
    public void No_change_passes_the_seal(byte[] sound, DeviceContext context)
    {
        Assert.That(BundleExercise.IsUsed(sound, [context, DeviceContext.Empty], Now, isThorough: true), Is.True);
        ForEachChange(sound, 0, bytes => Assert.That(() => Bundle.Read(bytes), Throws.TypeOf<InvalidDataException>()));
    }

    /// <summary>Sealed anew, as whoever forges a bundle would.</summary>
    [TestCaseSource(nameof(Samples))]
    public void What_was_forged_is_refused_or_decides(byte[] sound, DeviceContext context)
    {
        int used = 0, tried = 0;
        ForEachChange(sound, BundleSeal.End, bytes =>
        {
            BundleSeal.Put(bytes);
            int number = Interlocked.Increment(ref tried);
            if (BundleExercise.IsUsed(bytes, number % 2 == 0 ? [context] : [DeviceContext.Empty], Now, isThorough: number % Some == 0))
                Interlocked.Increment(ref used);
        });
        Assert.That(tried, Is.EqualTo(255 * (sound.Length - BundleSeal.End)));
        Assert.That(used, Is.GreaterThan(tried / 50).And.LessThan(tried / 2), "most changes are noticed, and enough are not");
    }

    private static byte[] Compiled(SourceFile[] files)
    {
        Compilation compilation = PolicyCompiler.Compile(files);
        return compilation.Bundle is not null ? compilation.Bytes.ToArray() : throw new InvalidOperationException(string.Join("\n", compilation.Diagnostics));
    }

    private static void ForEachChange(byte[] sound, int from, Action<byte[]> check)
    {
        var failures = new ConcurrentDictionary<string, string>();
        Parallel.For(from, sound.Length, at =>
        {
            byte[] bytes = [.. sound];
            for (int change = 1; change < 256; change++)
            {
                bytes[at] = (byte)(sound[at] ^ change);
                try
                {
                    check(bytes);
                }
                catch (Exception failure) when (failure is not OutOfMemoryException)
                {
                    failures.TryAdd(failure.Message, $"byte {at}, 0x{sound[at]:x2}, became 0x{bytes[at]:x2}: {failure}");
                }
            }
        });
        Assert.That(failures.Values, Is.Empty);
    }
}
