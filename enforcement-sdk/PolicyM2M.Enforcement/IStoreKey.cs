namespace PolicyM2M.Enforcement;

/// <summary>Where the key comes from that the store is encrypted with: a file, or hardware that gives it to this device only.</summary>
public interface IStoreKey
{
    /// <summary>The key: 32 bytes, the same each time. Asked for once, when a client begins.</summary>
    /// <exception cref="IOException">It cannot be had.</exception>
    byte[] Read();
}
