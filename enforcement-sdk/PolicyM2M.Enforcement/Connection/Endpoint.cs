using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>One decision point and how it was found when last tried. Mutable; safe for all threads.</summary>
internal sealed class Endpoint(Uri address, Func<GrpcChannel> open) : IDisposable
{
    private readonly Lock _lock = new();
    private GrpcChannel _channel = open();
    private volatile V1.DecisionService.DecisionServiceClient? _service;
    private volatile int _standing;

    public Uri Address { get; } = address;

    public V1.DecisionService.DecisionServiceClient Service
    {
        get
        {
            lock (_lock)
                return _service ??= new V1.DecisionService.DecisionServiceClient(_channel);
        }
    }

    public CallInvoker Calls
    {
        get
        {
            lock (_lock)
                return _channel.CreateCallInvoker();
        }
    }

    /// <summary>Whether it answered when it was last tried; null while it was not.</summary>
    public bool? IsUp => _standing switch { 0 => null, var standing => standing > 0 };

    /// <summary>Whether it ever answered: then a failure may be that of an old connection.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>How often in a row it answered a trial while another one was asked.</summary>
    public int Trials { get; set; }

    public void Answered()
    {
        HasAnswered = true;
        _standing = 1;
    }

    public void Failed() => _standing = -1;

    /// <summary>
    /// Leaves the connection, and what goes over it, and opens another when it is next called. A line that was cut behind our back looks alive until a ping of many seconds finds out.
    /// </summary>
    /// <exception cref="IOException">A file of the connection cannot be read; the connection stays.</exception>
    /// <exception cref="CryptographicException">A file of the connection is malformed; the connection stays.</exception>
    public void Reconnect()
    {
        GrpcChannel next = open(), old;
        lock (_lock)
            (old, _channel, _service) = (_channel, next, null);
        old.Dispose();
    }

    /// <summary>The same in the course of a call. Where a file cannot be read the connection stays, and finds out by itself that it is dead.</summary>
    public void Leave()
    {
        try
        {
            Reconnect();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // Nobody who asks for a decision can mend that; whoever renews the certificate is told.
        }
    }

    public void Dispose() => _channel.Dispose();
}
