using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Rest;

/// <summary>The one message of a request, for a service that reads a stream.</summary>
internal sealed class RestSingle<T>(T message) : IAsyncStreamReader<T>
    where T : class
{
    private bool _isRead;

    public T Current => message;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        bool isFirst = !_isRead;
        _isRead = true;
        return Task.FromResult(isFirst);
    }
}

/// <summary>Makes one message of those that a service writes to a stream, as protobuf merges them: lists grow, and what is said later counts. The report of an import is shortened.</summary>
internal sealed class RestWhole<T> : IServerStreamWriter<T>
    where T : class
{
    private readonly RestReport _report = new();
    private IMessage? _whole;

    public WriteOptions? WriteOptions { get; set; }

    /// <summary>All that was written.</summary>
    /// <exception cref="InvalidOperationException">Nothing was.</exception>
    public IMessage Whole => _whole ?? throw new InvalidOperationException("the service answered nothing");

    public Task WriteAsync(T message)
    {
        var part = (IMessage)message;
        if (_whole is null)
            _whole = part;
        else
            _whole.MergeFrom(part.ToByteString());
        if (_whole is ImportDevicesResponse report)
            _report.Shorten(report);
        return Task.CompletedTask;
    }

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return WriteAsync(message);
    }
}
