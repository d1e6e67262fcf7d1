using System.Security.Cryptography;
using Grpc.Core;
using PolicyM2M.Audit;
using PolicyM2M.Audit.Appending;
using PolicyM2M.Pdp.Identity;
using PolicyM2M.Pdp.Revisions;
using PolicyM2M.Pdp.Startup;
using PolicyM2M.Wire.V1;
using Decision = PolicyM2M.Engine.Decision;
using Region = PolicyM2M.Engine.Regions.Region;

namespace PolicyM2M.Pdp.Auditing;

/// <summary>Where everything goes that must be provable later. Without a log it takes everything and keeps nothing.</summary>
internal sealed class AuditTrail : IAsyncDisposable
{
    /// <summary>As many altered files as a record names; the log of the server names them all.</summary>
    private const int MostMended = 100;

    private readonly HashSet<string> _values;
    private readonly TimeProvider _clock;
    private readonly ECDsa? _key;
    private readonly AuditLog? _log;

    private AuditTrail(AuditOptions options, Pseudonyms pseudonyms, TimeProvider clock, ECDsa? key, AuditLog? log)
    {
        (_values, Pseudonyms, _clock, _key, _log) = ([.. options.Values], pseudonyms, clock, key, log);
    }

    /// <summary>How devices are named.</summary>
    public Pseudonyms Pseudonyms { get; }

    /// <summary>The log; null where nothing is recorded.</summary>
    public AuditLog? Log => _log;

    /// <summary>Opens the log of a data folder, or begins one.</summary>
    /// <exception cref="StartupException">The log or its key cannot be used.</exception>
    public static AuditTrail Open(AuditOptions options, DataFolder data, string trustDomain, TimeProvider clock, ILogger log)
    {
        if (options.Durability is not { } durability)
            return new AuditTrail(options, Pseudonyms.None, clock, null, null);
        var pseudonyms = Pseudonyms.Of(options.Pseudonyms);
        bool isLost = File.Exists(data.AuditKey) && !Directory.Exists(data.Audit);
        // Made anew it would sign nothing of what is there, and who looks for the lost one would find this.
        if (!File.Exists(data.AuditKey) && Directory.Exists(data.Audit) && Directory.EnumerateFileSystemEntries(data.Audit).Any())
            throw new StartupException($"{data.AuditKey} is missing, which signs the audit log in {data.Audit}: put it back, or move the log away", ExitCode.CouldNotRun);
        ECDsa key = AuditKey.Open(data.AuditKey);
        try
        {
            string origin = $"{trustDomain}/policym2m/audit/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
            var opened = AuditLog.Open(new AuditLogOptions(data.Audit, origin, key, lost => Entry(new AuditSubject(clock.GetUtcNow(), null, "", pseudonyms), record => record.Loss = Loss(lost)))
            {
                Durability = durability,
                WhenUnwritable = options.WhenUnwritable,
                Told = fault => Tell(log, options, fault),
                ToldOfRemoval = fault => TellOfRemoval(log, fault),
                Unmade = (count, fault) => log.AuditUnmade(fault, Amount.Of(count, "record")),
                Abandoned = count => log.AuditAbandoned(Amount.Of(count, "record")),
            });
            if (opened.CutAtStart > 0)
                log.AuditCut(Amount.Of(opened.CutAtStart, "byte"));
            if (opened.UnsignedAtStart > 0)
                log.AuditUnsigned(Amount.Of(opened.UnsignedAtStart, "record"));
            string[] found = [.. isLost ? [$"there was no log in {data.Audit}, although its key was there: another one is begun"] : Array.Empty<string>(), .. opened.MendedAtStart];
            foreach (string mended in found)
                log.AuditMended(mended);
            var trail = new AuditTrail(options, pseudonyms, clock, key, opened);
            string mode = $"{durability.ToString().ToLowerInvariant()}, {(options.WhenUnwritable == UnwritableLog.Stops ? "stop" : "shed")}";
            trail.Note(null, "", record => record.Start = new AuditStart
            {
                Mode = mode,
                Cut = (ulong)opened.CutAtStart,
                Unsigned = (ulong)opened.UnsignedAtStart,
                Mended = { found.Take(MostMended) },
            });
            return trail;
        }
        catch (Exception fault) when (fault is AuditLogException or IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw new StartupException($"the audit log cannot be kept: {fault.Message}", ExitCode.CouldNotRun, fault);
        }
    }

    /// <summary>Whether what happens now can be recorded, or need not be.</summary>
    public bool MayAnswer => _log?.Objection is null;

    /// <summary>Whether an answer waits until its record is on disk.</summary>
    public bool WaitsForDisk => _log?.Durability == AuditDurability.Durable;

    /// <summary>Makes sure that what happens now can be recorded, or need not be.</summary>
    /// <exception cref="RpcException">UNAVAILABLE where it cannot, and must be.</exception>
    public void Demand()
    {
        try
        {
            _log?.Demand();
        }
        catch (AuditLogException fault)
        {
            throw Unavailable(fault);
        }
    }

    /// <summary>What is recorded of the decisions of one request.</summary>
    public DecisionWords WordsOf(
        Caller caller, string device, ActiveRevision revision, IReadOnlyList<(Decision, Region)> decisions, Engine.Contexts.DeviceContext context, Engine.Contexts.DeviceContext registered,
        bool isRegistryAway) => new()
        {
            Caller = caller,
            Device = device,
            Pseudonyms = Pseudonyms,
            Revision = revision.Id,
            Bundle = revision.Bundle,
            Decisions = decisions,
            // Without a log nobody asks for them.
            Context = _log is null ? Engine.Contexts.DeviceContext.Empty : context,
            Registered = _log is null ? Engine.Contexts.DeviceContext.Empty : registered,
            IsRegistryAway = isRegistryAway,
            Values = _values,
        };

    /// <summary>Records the decisions of one request.</summary>
    /// <exception cref="RpcException">UNAVAILABLE where they cannot be recorded, and must be.</exception>
    public ValueTask DecidedAsync(DecisionWords words, DateTimeOffset now, HttpContext call)
    {
        if (_log is null)
            return ValueTask.CompletedTask;
        var entry = new DecisionEntry(now, words);
        // The token of a call is made when somebody asks for it, which mostly nobody must.
        return _log.TryRecord(entry) ? ValueTask.CompletedTask : KeepAsync(entry, isDurable: false, call.RequestAborted);
    }

    /// <summary>Records what somebody did, and waits until that is kept: as decisions are, and what an operator did until it is on disk, or shed where the log may.</summary>
    /// <exception cref="RpcException">UNAVAILABLE where it cannot be recorded, and must be.</exception>
    public ValueTask DoneAsync(Caller caller, string device, Action<AuditRecord> say, CancellationToken cancellation) =>
        _log is null ? ValueTask.CompletedTask : KeepAsync(Entry(new AuditSubject(_clock.GetUtcNow(), caller, device, Pseudonyms), say), isDurable: caller.Role == Roles.Operator, cancellation);

    /// <summary>Records that the entries before one will be removed, and waits until that is on disk.</summary>
    /// <exception cref="AuditLogException">It is not.</exception>
    public Task RemovingAsync(ulong before, CancellationToken cancellation) =>
        _log!.KeepAsync(Entry(new AuditSubject(_clock.GetUtcNow(), null, "", Pseudonyms), record => record.Removal = new AuditRemoval { Before = before }), cancellation);

    /// <summary>Records what happened, and waits for nothing: it has happened, whether or not it can be written yet.</summary>
    public void Note(Caller? caller, string device, Action<AuditRecord> say) => _log?.Note(Entry(new AuditSubject(_clock.GetUtcNow(), caller, device, Pseudonyms), say));

    public async ValueTask DisposeAsync()
    {
        if (_log is not null)
            await _log.DisposeAsync();
        _key?.Dispose();
    }

    private async ValueTask KeepAsync(AuditEntry entry, bool isDurable, CancellationToken cancellation)
    {
        try
        {
            await (isDurable ? _log!.RecordOnDiskAsync(entry, cancellation) : _log!.RecordAsync(entry, cancellation));
        }
        catch (AuditLogException fault)
        {
            throw Unavailable(fault);
        }
    }

    private static WireEntry Entry(AuditSubject subject, Action<AuditRecord> say)
    {
        AuditRecord record = subject.Record();
        say(record);
        return new WireEntry(record);
    }

    private static AuditLoss Loss(LostRecords lost) => new()
    {
        Count = (ulong)lost.Count,
        From = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(lost.From),
        Until = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(lost.Until),
    };

    private static void Tell(ILogger log, AuditOptions options, string? fault)
    {
        if (fault is null)
            log.AuditWritable();
        else
            log.AuditUnwritable(options.WhenUnwritable == UnwritableLog.Stops ? "nobody is answered" : "what is not recorded is counted", fault);
    }

    private static void TellOfRemoval(ILogger log, string? fault)
    {
        if (fault is null)
            log.AuditRemovalGoesOn();
        else
            log.AuditNotRemoved(fault);
    }

    /// <summary>Why is for the log and the status: a device can do nothing about it but ask another decision point.</summary>
    private static RpcException Unavailable(AuditLogException fault) => new(new Status(StatusCode.Unavailable, "the decision point cannot record what it decides, and answers nobody until it can", fault));
}
