using Grpc.Core;
using Grpc.Net.Client;
using PolicyM2M.Audit;
using PolicyM2M.Audit.Storage;
using PolicyM2M.Pdp.Startup;

namespace PolicyM2M.Pdp.Auditing.Export;

/// <summary>
/// Sends the audit log to a collector, record by record in its order, as the log has them on disk: whoever is answered waits for none of it. How far it came is remembered after each request, so that a restart sends at
/// most those of one request twice and leaves none out. What a collector does not take now is sent until it does, the newest after the oldest.
/// </summary>
internal sealed class AuditExport(AuditTrail audit, PdpOptions options, DataFolder data, TimeProvider clock, ILogger<AuditExport> log) : BackgroundService
{
    /// <summary>
    /// A lone record of fewer bytes is too large for no collector: one that calls its resources exhausted by it has too much to do, and is waited for.
    /// </summary>
    internal const int Small = 32 << 10;

    private const string HeadersVariable = "OTEL_EXPORTER_OTLP_HEADERS";

    /// <summary>The log itself has a checkpoint so often, and nothing is sent before that.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30), LongestCall = TimeSpan.FromSeconds(10);

    private static readonly Method<byte[], byte[]> Export = new(MethodType.Unary, OtlpLogs.Service, OtlpLogs.Rpc, Marshallers.Create(bytes => bytes, bytes => bytes), Marshallers.Create(bytes => bytes, bytes => bytes));

    private readonly ExportPosition _position = new(data.AuditExport);
    private long _next, _sent, _rejected, _missed;
    private string? _origin, _fault;

    /// <summary>How many records the collector takes at once. Halved where it takes a request for wrong or too large, until the record is alone for which it does; doubled where it took one.</summary>
    private int _most = ExportBatch.MostRecords;

    /// <summary>How many records are in the log that were not sent yet.</summary>
    public long Lag => options.Audit.Export is null ? 0 : Math.Max(0, (audit.Log?.State.Size ?? 0) - Interlocked.Read(ref _next));

    /// <summary>How many records the collector took since the start.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>How many records it refused, which are not sent again.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>How many records had gone from the disk by their age before they could be sent.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Audit.Export is not { } collector || audit.Log is null)
            return;
        using var channel = GrpcChannel.ForAddress(collector);
        CallInvoker invoker = channel.CreateCallInvoker();
        var reader = new AuditLogReader(data.Audit);
        TimeSpan pause = Look;
        while (true)
        {
            try
            {
                bool isMore = await SendAsync(reader, invoker, stoppingToken);
                Told(null);
                pause = isMore ? TimeSpan.Zero : Look;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                // The server ends; the next start goes on from what is remembered.
                return;
            }
            catch (Exception fault)
            {
                // Whatever it is, answers go on, and so does this.
                Told(fault is RpcException refusal ? $"{refusal.StatusCode}: {refusal.Status.Detail}" : fault.Message);
                pause = pause * 2 < LongestPause ? (pause > TimeSpan.Zero ? pause * 2 : Look) : LongestPause;
            }
            await Task.Delay(pause, clock, stoppingToken);
        }
    }

    /// <summary>Sends what comes next, and says whether there is more.</summary>
    private async Task<bool> SendAsync(AuditLogReader reader, CallInvoker invoker, CancellationToken cancellation)
    {
        AuditCheckpoint checkpoint = reader.ReadCheckpoint();
        // A log that was set back is sent from where it is now.
        long next = Math.Min(_origin == checkpoint.Origin ? _next : _position.Find(checkpoint.Origin), checkpoint.Size);
        Interlocked.Exchange(ref _next, next);
        _origin = checkpoint.Origin;
        if (ExportBatch.Of(checkpoint.Origin, reader.ReadEntries(next, checkpoint.Size, cancellation), _most) is not { } batch)
            return false;
        long rejected;
        string reason;
        try
        {
            (rejected, reason) = OtlpLogs.Rejected(await invoker.AsyncUnaryCall(Export, null, new CallOptions(Headers(), clock.GetUtcNow().UtcDateTime + LongestCall, cancellation), batch.Request));
            _most = Math.Min(_most * 2, ExportBatch.MostRecords);
        }
        catch (RpcException refusal) when (batch.Count > 1 && refusal.StatusCode is (StatusCode.ResourceExhausted or StatusCode.InvalidArgument))
        {
            _most = batch.Count / 2;
            return true;
        }
        catch (RpcException refusal) when (IsForGood(refusal, batch))
        {
            (rejected, reason) = (1, $"{refusal.StatusCode}: {refusal.Status.Detail}");
        }
        long missed = batch.Last + 1 - next - batch.Count;
        Interlocked.Exchange(ref _next, batch.Last + 1);
        Interlocked.Add(ref _sent, batch.Count - rejected);
        Interlocked.Add(ref _rejected, rejected);
        Interlocked.Add(ref _missed, missed);
        if (rejected > 0)
            log.AuditExportRejected(Amount.Of(rejected, "record"), reason);
        if (missed > 0)
            log.AuditExportMissed(Amount.Of(missed, "record"));
        _position.Remember(checkpoint.Origin, batch.Last + 1);
        return batch.Last + 1 < checkpoint.Size;
    }

    /// <summary>Whether a collector will take a lone record as little another time as now.</summary>
    private static bool IsForGood(RpcException refusal, ExportBatch batch) =>
        refusal.StatusCode == StatusCode.InvalidArgument || refusal.StatusCode == StatusCode.ResourceExhausted && batch.Request.Length > Small;

    /// <summary>What the standard's own variable says to send along: names and values, comma-separated and percent-encoded.</summary>
    private static Metadata Headers()
    {
        var headers = new Metadata();
        foreach (string[] pair in (Environment.GetEnvironmentVariable(HeadersVariable) ?? "").Split(',').Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2))
            headers.Add(pair[0].Trim().ToLowerInvariant(), Uri.UnescapeDataString(pair[1].Trim()));
        return headers;
    }

    private void Told(string? fault)
    {
        if (fault is not null && _fault is null)
            log.AuditExportFailed(fault);
        else if (fault is null && _fault is not null)
            log.AuditExportGoesOn();
        _fault = fault;
    }
}
