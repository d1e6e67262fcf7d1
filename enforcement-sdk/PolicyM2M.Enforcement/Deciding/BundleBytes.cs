using PolicyM2M.Engine.Bundles;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>The bytes of a bundle, written anew when they are needed and shared by all who need them at once: they are as large as the bundle, and mostly nobody does. Safe for all threads.</summary>
internal sealed class BundleBytes(Bundle bundle)
{
    private readonly Lock _lock = new();
    private readonly WeakReference<byte[]> _shared = new([]);

    /// <summary>The bytes; nobody may write into them.</summary>
    public byte[] Get()
    {
        lock (_lock)
        {
            if (_shared.TryGetTarget(out byte[]? bytes) && bytes.Length > 0)
                return bytes;
            bytes = bundle.ToBytes();
            _shared.SetTarget(bytes);
            return bytes;
        }
    }
}
