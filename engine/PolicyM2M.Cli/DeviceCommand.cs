using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary><c>m2m pdp devices</c>: the registry of a decision point, for operators.</summary>
internal sealed class DeviceCommand(PdpAddress address, bool json, Streams streams)
{
    private const int PageSize = 1_000, ChunkBytes = 64 << 10;

    public int List(string site, DeviceState state) => Run(connection =>
    {
        var all = new ListDevicesResponse();
        string page = "";
        do
        {
            ListDevicesResponse found = connection.AskDevices((client, options) =>
                client.ListDevices(new ListDevicesRequest { Site = site, State = state, PageSize = PageSize, PageToken = page }, options));
            all.Devices.AddRange(found.Devices);
            page = found.NextPageToken;
        }
        while (page.Length > 0);
        return Write(() => PdpJson.Of(all), text =>
        {
            text.List(all.Devices);
            GetRegistryStatusResponse registry = connection.AskDevices((client, options) => client.GetRegistryStatus(new GetRegistryStatusRequest(), options));
            // Where only some devices were asked for, the others are not missing.
            IEnumerable<string> unregistered = site.Length == 0 && state == DeviceState.Unspecified ? registry.HeldDeviceIds.Except(all.Devices.Select(device => device.Id)) : [];
            text.Held([.. unregistered], registry.HeldDevices);
        });
    });

    public int Get(string id) => Run(connection =>
    {
        GetDeviceResponse found = connection.AskDevices((client, options) => client.GetDevice(new GetDeviceRequest { Id = id }, options));
        return Write(() => PdpJson.Of(found), text => text.Device(found.Device, found.History));
    });

    public int SetState(string id, DeviceState state, string reason) =>
        Change((client, options) =>
        {
            SetDeviceStateResponse changed = client.SetDeviceState(new SetDeviceStateRequest { Id = id, State = state, Reason = reason }, options);
            return (changed.Device, changed.Warnings);
        });

    public int SetRisk(string id, int? risk, string reason) => Change((client, options) =>
    {
        var request = new SetDeviceRiskRequest { Id = id, Unknown = risk is null, Reason = reason };
        if (risk is { } known)
            request.Risk = known;
        return (client.SetDeviceRisk(request, options).Device, []);
    });

    public int Revoke(string id, string reason) => Change((client, options) => (client.RevokeDevice(new RevokeDeviceRequest { Id = id, Reason = reason }, options).Device, []));

    public int Reinstate(string id, string reason) => Change((client, options) =>
    {
        ReinstateDeviceResponse changed = client.ReinstateDevice(new ReinstateDeviceRequest { Id = id, Reason = reason }, options);
        return (changed.Device, changed.Warnings);
    });

    public int Import(string path, ImportOptions how)
    {
        using Stream file = Open(path);
        var sending = new SentImport(how.DryRun);
        return Run(connection =>
        {
            ImportDevicesResponse whole = sending.Whole(() => connection.SendDevices((client, options) => SendAsync(client, options, path, file, how, sending)));
            Write(() => PdpJson.Of(whole), text => text.Import(ContextSource.NameOf(path), whole, how.DryRun));
            return whole.Faults.Count > 0 ? ExitCode.NotAsExpected : ExitCode.Ok;
        });
    }

    /// <summary>Sends a file, and puts what comes back over many messages into one.</summary>
    private static async Task<ImportDevicesResponse> SendAsync(DeviceService.DeviceServiceClient client, CallOptions options, string path, Stream file, ImportOptions how, SentImport sending)
    {
        using AsyncDuplexStreamingCall<ImportDevicesRequest, ImportDevicesResponse> call = client.ImportDevices(options);
        try
        {
            await call.RequestStream.WriteAsync(new ImportDevicesRequest { Options = how }).ConfigureAwait(false);
            byte[] buffer = new byte[ChunkBytes];
            for (int read; (read = Read(path, file, buffer)) > 0;)
                await call.RequestStream.WriteAsync(new ImportDevicesRequest { Chunk = ByteString.CopyFrom(buffer, 0, read) }).ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
            sending.IsSent = true;
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            // It was answered before it was sent: the answer says why.
        }
        var whole = new ImportDevicesResponse();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
        {
            whole.MergeFrom(call.ResponseStream.Current);
            sending.Progress = whole.Progress;
        }
        return whole;
    }

    private Stream Open(string path) => path == ContextSource.StandardInput ? streams.Input : FileFault.Reading(path, () =>
        File.Exists(path) ? File.OpenRead(path) : throw new CannotRunException(Directory.Exists(path) ? $"`{path}` is a folder; name a file" : $"there is no file `{path}`"));

    /// <summary>Where a file cannot be read to its end the call ends before its last message, and nothing is written.</summary>
    private static int Read(string path, Stream file, byte[] buffer) => FileFault.Reading(ContextSource.NameOf(path), () => file.Read(buffer));

    private int Change(Func<DeviceService.DeviceServiceClient, CallOptions, (Device Device, IEnumerable<string> Warnings)> change) => Run(connection =>
    {
        (Device device, IEnumerable<string> warnings) = connection.AskDevices(change);
        foreach (string warning in warnings)
            streams.Errors.Write($"warning: {Printable.Of(warning)}\n");
        return Write(() => PdpJson.Of(device), text => text.Device(device, []));
    });

    private int Run(Func<PdpConnection, int> ask)
    {
        using PdpConnection connection = PdpConnection.Open(address);
        return ask(connection);
    }

    private int Write(Func<string> toJson, Action<DeviceText> toText)
    {
        if (json)
            streams.Answers.Write(toJson() + "\n");
        else
            toText(new DeviceText(streams.Answers, streams.AnswerColours));
        return ExitCode.Ok;
    }
}
