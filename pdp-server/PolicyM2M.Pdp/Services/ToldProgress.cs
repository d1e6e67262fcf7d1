using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>Tells whoever imports a file how much of it is written. An import waits neither for its reader, nor for one who has gone.</summary>
/// <param name="responses">Where to tell it.</param>
/// <param name="devices">How many devices are to be written.</param>
internal sealed class ToldProgress(IServerStreamWriter<ImportDevicesResponse> responses, int devices)
{
    private Task _last = Task.CompletedTask;

    /// <summary>Tells it, unless what was told before is still on its way.</summary>
    public void Say(int written)
    {
        if (_last.IsCompleted)
            _last = responses.WriteAsync(new ImportDevicesResponse { Progress = new ImportProgress { Written = written, Devices = devices } });
    }

    /// <summary>Comes back once something else may be told.</summary>
    public async Task LastAsync() => await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
