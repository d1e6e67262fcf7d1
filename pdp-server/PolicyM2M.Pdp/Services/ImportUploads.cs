using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Limits;
using PolicyM2M.Registry.Files;
using PolicyM2M.Wire.V1;
using ImportFormat = PolicyM2M.Wire.V1.ImportFormat;

namespace PolicyM2M.Pdp.Services;

/// <summary>Takes the files of imports. They are held whole, so that both are bounded: how many bytes of all of them are held, and how long one may take to arrive.</summary>
internal sealed class ImportUploads(CallLimits limits, TimeProvider clock)
{
    /// <summary>The bytes of all files that are held: two of the largest.</summary>
    internal const long MostBytes = 2L * DeviceImport.MaximumBytes;

    private long _held;

    /// <summary>Takes a file. It counts until it is disposed.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT where there are no options or the file is too large, RESOURCE_EXHAUSTED where too much is held, DEADLINE_EXCEEDED where it is late.</exception>
    public async Task<ImportUpload> ReceiveAsync(IAsyncStreamReader<ImportDevicesRequest> requests, CancellationToken cancellationToken)
    {
        var upload = new ImportUpload(this);
        using var late = new CancellationTokenSource(limits.UploadGrace, clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            while (await requests.MoveNext(ending.Token))
                upload.Take(requests.Current);
            upload.End();
            return upload;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            upload.Dispose();
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"the file did not arrive within {limits.UploadGrace.TotalSeconds} seconds"));
        }
        catch
        {
            upload.Dispose();
            throw;
        }
    }

    internal void Hold(int bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= MostBytes)
            return;
        Free(bytes);
        throw new RpcException(new Status(StatusCode.ResourceExhausted, "other files are being imported; try again when they are"));
    }

    internal void Free(long bytes) => Interlocked.Add(ref _held, -bytes);
}

/// <summary>A file that arrives, or has. It belongs to its one call.</summary>
internal sealed class ImportUpload(ImportUploads all) : IDisposable
{
    private readonly List<ByteString> _chunks = [];
    private ImportOptions? _options;
    private int _length;

    /// <summary>What to do with it.</summary>
    public ImportOptions Options => _options!;

    /// <summary>The whole of it.</summary>
    public byte[] File { get; private set; } = [];

    /// <summary>Takes what came.</summary>
    public void Take(ImportDevicesRequest request)
    {
        if (_options is null)
            _options = request.Options ?? throw DeviceMapping.Invalid("the first message has no options; expected the format of the file");
        else if (request.Options is not null)
            throw DeviceMapping.Invalid("the options are given twice; expected them in the first message only");
        if (request.Chunk.Length > DeviceImport.MaximumBytes - _length)
            throw DeviceMapping.Invalid($"the file has more than {DeviceImport.MaximumBytes} bytes; import it in parts");
        all.Hold(request.Chunk.Length);
        _length += request.Chunk.Length;
        _chunks.Add(request.Chunk);
    }

    /// <summary>All of it has come.</summary>
    public void End()
    {
        if (_options is null)
            throw DeviceMapping.Invalid("there is no file; expected options and then chunks");
        if (_options.Format is not (ImportFormat.Csv or ImportFormat.Json))
            throw DeviceMapping.Invalid("the options name no format; expected CSV or JSON");
        File = new byte[_length];
        int at = 0;
        foreach (ByteString chunk in _chunks)
        {
            chunk.CopyTo(File, at);
            at += chunk.Length;
        }
        _chunks.Clear();
    }

    public void Dispose() => all.Free(Interlocked.Exchange(ref _length, 0));
}
