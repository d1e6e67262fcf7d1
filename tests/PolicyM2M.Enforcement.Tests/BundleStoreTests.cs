using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Testing;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>What is known is written beside the bundle when it changes, and the bundle is not written for anything else.</summary>
internal sealed class BundleStoreTests
{
    private const string Mine = "https://a.example", Other = "https://b.example";

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_key_that_is_served_no_more_does_not_come_back_with_the_bundle(bool isFetched)
    {
        await using var world = new ClientWorld();
        using var folder = new TemporaryFolder();
        TestSigner dropped = new(world.Time);
        StoreContent known = StoreContent.Empty with { Keys = PinnedKeys.None.With(Mine, world.Script.Signer.Published().Keys).With(Other, dropped.Published().Keys) };
        HeldBundle held = Held(world, known);
        var file = StoreFile.OfBundle(folder["decisions"], "spiffe://test.example/device/plc-1", new byte[StoreKeyFile.KeyLength]);
        var store = new BundleStore(file, () => known, Assert.Fail);
        store.SaveKnown(held);
        Assert.That(File.Exists(file.Path), Is.False, "none is on disk that could say something else");
        store.Save(held);
        Assert.That(store.Known(out _)!.Keys.Trusted.Knows(dropped.KeyId), Is.True);

        known = known with { Keys = known.Keys.Of([Mine]) };
        if (isFetched)
            store.Save(held);
        else
            store.SaveKnown(held);
        Assert.That(store.Known(out _)!.Keys.Trusted.Ids, Is.EqualTo(new[] { world.Script.Signer.KeyId }));

        byte[] written = await File.ReadAllBytesAsync(file.Path);
        var next = new BundleStore(file, () => known with { LatestSeen = world.Time.GetUtcNow() }, Assert.Fail);
        Assert.That(next.Load(known.Keys.Trusted, _ => false, new DeviceClock(world.Time, null), out _), Is.Not.Null);
        next.Save(held);
        next.SaveKnown(held);
        Assert.That(await File.ReadAllBytesAsync(file.Path), Is.EqualTo(written), "after a start too what is the same is not written again");
        next.Forget();
        known = known with { Keys = PinnedKeys.None };
        next.SaveKnown(held);
        Assert.That(File.Exists(file.Path), Is.False, "what is forgotten does not come back");
    }

    private static HeldBundle Held(ClientWorld world, StoreContent known)
    {
        byte[] bytes = ScriptedBundle.Serve(world);
        V1.SignedPayload signed = world.Script.Bundle(new V1.GetBundleRequest()).First().Description.Statement;
        return new HeldBundle(Bundle.Read(bytes), signed, known.Keys.Trusted.BundleStatement(signed), world.Time.GetUtcNow().AddDays(1));
    }
}
