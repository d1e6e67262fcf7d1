using System.Threading.Channels;
using Grpc.Core;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>The devices that are watched over one call of a <see cref="ScriptedPdp"/>.</summary>
internal sealed class ScriptedWatches(PdpScript script, IServerStreamWriter<V1.WatchDevicesResponse> responses, CancellationToken ending) : IAsyncDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Dictionary<string, ChannelReader<V1.WatchResponse>> _watched = [];
    private readonly List<Task> _telling = [];

    public void Add(string device) => _telling.Add(TellAsync(device));

    public void Remove(string device)
    {
        lock (_watched)
        {
            if (_watched.Remove(device, out ChannelReader<V1.WatchResponse>? watch))
                script.Left(watch);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string device in _watched.Keys.ToArray())
            Remove(device);
        await Task.WhenAll(_telling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _writing.Dispose();
    }

    /// <summary>Tells what the script says; where it ends a watch, that is looked at again, as the decision point does.</summary>
    private async Task TellAsync(string device)
    {
        while (true)
        {
            ChannelReader<V1.WatchResponse> watch;
            try
            {
                watch = script.Watch(device);
            }
            catch (RpcException refusal)
            {
                await WriteAsync(new V1.WatchDevicesResponse { DeviceId = device, Fault = new V1.WatchFault { Code = (int)refusal.StatusCode, Message = refusal.Status.Detail } });
                return;
            }
            lock (_watched)
                _watched[device] = watch;
            await foreach (V1.WatchResponse news in watch.ReadAllAsync(ending))
                await WriteAsync(new V1.WatchDevicesResponse { DeviceId = device, News = news });
        }
    }

    private async Task WriteAsync(V1.WatchDevicesResponse response)
    {
        await _writing.WaitAsync(ending);
        try
        {
            await responses.WriteAsync(response, ending);
        }
        finally
        {
            _writing.Release();
        }
    }
}
