using PolicyM2M.Enforcement.Storing;
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
    public ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
    {
        try
        {
            return DeviceContext.TryParseJson(BoundedFile.ReadText(path, LargestFile), out DeviceContext? context, out string? error)
                ? ValueTask.FromResult(context) : throw new AttributeSourceException(error);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new AttributeSourceException($"it cannot be read: {failure.Message}", failure);
        }
    }
}
