using PolicyM2M.Enforcement.Connection;

namespace PolicyM2M.Enforcement.Storing;

/// <summary>One sealed file of the store.</summary>
/// <param name="path">Where it lies.</param>
/// <param name="what">What it holds.</param>
/// <param name="device">Whose it is.</param>
/// <param name="key">The store's key.</param>
/// <param name="largest">More bytes than the file ever has; a larger one is not ours.</param>
internal sealed class StoreFile(string path, string what, string device, byte[] key, long largest)
{
    public string Path { get; } = path;

    /// <summary>The file of decisions.</summary>
    public static StoreFile OfDecisions(string path, string device, byte[] key) => new(path, "decisions", device, key, largest: 32 << 20);

    /// <summary>The file of the bundle, which lies beside that of the decisions.</summary>
    /// <param name="path">Where the decisions lie.</param>
    /// <param name="device">Whose it is.</param>
    /// <param name="key">The store's key.</param>
    public static StoreFile OfBundle(string path, string device, byte[] key) => new(path + ".bundle", "bundle", device, key, BundleFetch.LargestBundle + (1 << 20));

    /// <summary>
    /// What is kept, as <paramref name="read"/> reads it; null where nothing is. What cannot be believed is deleted; what another version of this program wrote is set aside, for the day on which that one is
    /// back: it holds the latest time and revision seen.
    /// </summary>
    /// <param name="read">Reads the bytes; throws <see cref="InvalidDataException"/> where they make no sense.</param>
    /// <param name="discarded">Why what was there could not be believed; null where it could, or where nothing was there.</param>
    public T? Load<T>(Func<byte[], T?> read, out string? discarded)
        where T : class
    {
        discarded = null;
        try
        {
            byte[] whole = BoundedFile.Read(Path, largest);
            if (SealedBytes.VersionOf(whole) is { } version and not SealedBytes.Version)
            {
                discarded = SetAside(version);
                return null;
            }
            return read(SealedBytes.Open(whole, what, device, key));
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception unusable) when (unusable is InvalidDataException or FileTooLargeException)
        {
            discarded = unusable.Message;
            Delete();
            return null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // The file may be sound and the disk not: what comes next is written over it, if it can be.
            discarded = $"it cannot be read: {unreadable.Message}";
            return null;
        }
    }

    /// <summary>Why what is there could not be believed or read; null where it could, or nothing is there. Leaves it as it is.</summary>
    public string? Fault()
    {
        try
        {
            _ = SealedBytes.Open(BoundedFile.Read(Path, largest), what, device, key);
            return null;
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception unusable) when (unusable is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return unusable.Message;
        }
    }

    /// <summary>Writes the content so that whenever the power goes, either the old file or the new one is there, whole.</summary>
    /// <exception cref="IOException">The disk is full, read-only or gone, or the content is larger than what is read back; what was there before is still there.</exception>
    public void Save(ReadOnlySpan<byte> content)
    {
        byte[] whole = SealedBytes.Seal(content, what, device, key);
        if (whole.Length > largest)
            throw new IOException($"{Path} would have {whole.Length} bytes, and at most {largest} are read back");
        WholeFile.Replace(Path, whole);
    }

    /// <summary>Deletes it; where that fails it is not believed all the same, here or after.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // That it stays is no harm.
        }
    }

    private string SetAside(byte version)
    {
        string aside = $"{Path}.format-{version}", found = $"it has the format {version}, and this version of the program reads {SealedBytes.Version}";
        try
        {
            File.Move(Path, aside, overwrite: true);
            return $"{found}; it is set aside as {aside}";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"{found}, and it cannot be set aside: {failure.Message}";
        }
    }
}
