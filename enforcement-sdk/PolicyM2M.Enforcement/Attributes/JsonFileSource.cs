using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Attributes;

/// <summary>A file with a JSON object, such as <c>{ "device.type": "plc", "location": { "site": "plant-7" } }</c>. Read anew each time, so that an edit counts at once.</summary>
/// <param name="path">The file.</param>
public sealed class JsonFileSource(string path) : IAttributeSource
{
    /// <summary>Far more than a device has to say.</summary>
    private const int LargestFile = 256 << 10;

    /// <inheritdoc/>
    public string Name => path;

    /// <inheritdoc/>
    public async ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
    {
        try
        {
            // The length of a link is its own. A pipe or a device has none, and to read one is to wait for whoever writes, or never to come to an end.
            var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
            if (file.Length > LargestFile)
                throw new AttributeSourceException($"it has more than {LargestFile} bytes");
            if (file.Length == 0)
                throw new AttributeSourceException("it is empty, or no ordinary file");
            return DeviceContext.TryParseJson(await File.ReadAllTextAsync(file.FullName, cancellation).ConfigureAwait(false), out DeviceContext? context, out string? error)
                ? context : throw new AttributeSourceException(error);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AttributeSourceException($"it cannot be read: {failure.Message}", failure);
        }
    }
}
