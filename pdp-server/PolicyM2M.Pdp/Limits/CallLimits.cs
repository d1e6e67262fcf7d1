namespace PolicyM2M.Pdp.Limits;

/// <summary>How much callers may do, one and all together. How much one message may say is in <see cref="Wire.RequestLimits"/>.</summary>
internal sealed record CallLimits
{
    /// <summary>Connections of one identity: a device has one, a gateway a few.</summary>
    public const int ConnectionsPerCaller = 64;

    /// <summary>As much of the line as one call pays for: the longest answer that is kept ready has as many.</summary>
    public const int BytesPerCall = 16 << 10;

    /// <summary>Streams of everybody together.</summary>
    public const int TotalStreams = 20_000;

    /// <summary>One caller may hold this share of <see cref="Calls"/>: an answer takes milliseconds, so that even a gateway of many devices holds a few, and it takes many callers to hold them all.</summary>
    private const int ShareOfOne = 16;

    /// <summary>What a caller may save up, in seconds of its rate: after a restart it asks much at once.</summary>
    private const int BurstSeconds = 2;

    /// <summary>How long a stream is not read after a message beyond a limit: long enough that a hundred streams which only wait for this cost no more than a few calls.</summary>
    public static readonly TimeSpan AfterOverload = TimeSpan.FromSeconds(1);

    /// <summary>Calls and opened streams of one identity in a second.</summary>
    public int Rate { get; init; } = 500;

    /// <summary>Calls that are being answered at one time, of everybody together. Streams are counted apart, since they last; a message of one is a call while it is answered.</summary>
    public int Calls { get; init; } = 1_000;

    /// <summary>Streams of one identity: a gateway watches for the devices of its site.</summary>
    public int Streams { get; init; } = 100;

    /// <summary>Connections of everybody together.</summary>
    public int Connections { get; init; } = 10_000;

    /// <summary>Connections from one address; null for half of all.</summary>
    public int? ConnectionsPerAddress { get; init; }

    /// <summary>The same as a number. Half by default: enough for a fleet behind one address, and whoever holds it holds not all.</summary>
    public int OfOneAddress => ConnectionsPerAddress ?? (Connections + 1) / 2;

    /// <summary>How long a handshake may take: until it ends it holds a place among the connections.</summary>
    public TimeSpan HandshakeGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a reader may take to take what was written to it.</summary>
    public TimeSpan ReaderGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the request of a call that is no stream may take to arrive: it holds a place among the calls from its first byte on.</summary>
    public TimeSpan RequestGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a file of devices may take to arrive: until then it is held in memory.</summary>
    public TimeSpan UploadGrace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Calls of one identity that are being answered at one time.</summary>
    public int CallsPerCaller => Math.Max(1, Calls / ShareOfOne);

    /// <summary>Calls of one identity that may come at once.</summary>
    public int Burst => Rate * BurstSeconds;
}
