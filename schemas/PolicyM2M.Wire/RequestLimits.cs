using System.Text;
using Grpc.Core;
using PolicyM2M.Wire.V1;
using PolicyM2M.X509;

namespace PolicyM2M.Wire;

/// <summary>
/// How much a caller may say at once, to a decision point or to the agent of a gateway, which passes it on. Devices have tens of attributes with values of a few words; nobody else needs more.
/// </summary>
internal static class RequestLimits
{
    /// <summary>The largest message that is read at all; a larger one is refused with RESOURCE_EXHAUSTED.</summary>
    public const int MaximumMessageBytes = 512 << 10;

    public const int MaximumAttributes = 256;
    public const int MaximumNameBytes = 128;
    public const int MaximumTextBytes = 1_024;
    public const int MaximumDeviceIdLength = 256;

    private const int StatementDigestBytes = 32;
    private const int MaximumCorrelationBytes = 64;

    /// <summary>Checks a request.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT, with every limit that is exceeded named by the first offender.</exception>
    public static void Check(DecideRequest request)
    {
        CheckDeviceId(request.DeviceId);
        if (request.Attributes.Count > MaximumAttributes)
            throw Invalid($"there are {request.Attributes.Count} attributes, and at most {MaximumAttributes} may be sent");
        foreach ((string name, AttributeValue value) in request.Attributes)
        {
            if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > MaximumNameBytes)
                throw Invalid($"the name of an attribute is empty or longer than {MaximumNameBytes} bytes");
            if (value.ValueCase == AttributeValue.ValueOneofCase.None)
                throw Invalid($"`{name}` has no value; leave it out where it is not known");
            if (Encoding.UTF8.GetByteCount(value.Text) > MaximumTextBytes)
                throw Invalid($"the value of `{name}` is longer than {MaximumTextBytes} bytes");
        }
        foreach (DecisionKind kind in request.Kinds)
        {
            if (kind is < DecisionKind.CipherSuites or > DecisionKind.Rotation)
                throw Invalid($"there is no kind of decision {kind:D}");
        }
        if (request.Form is not (DecisionForm.Unspecified or DecisionForm.Signed))
            throw Invalid($"there is no form {request.Form:D} of decisions");
        if (request.KnownStatement.Length is not (0 or StatementDigestBytes))
            throw Invalid($"known_statement is a SHA-256 and has {StatementDigestBytes} bytes");
        if (request.Kinds.Distinct().Count() != request.Kinds.Count)
            throw Invalid("a kind of decision is asked for twice");
    }

    /// <summary>Checks a request of a stream.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static void Check(DecideStreamRequest item)
    {
        if (item.Correlation.Length > MaximumCorrelationBytes)
            throw Invalid($"a correlation is longer than {MaximumCorrelationBytes} bytes");
        if (item.Request is null)
            throw Invalid("there is no request");
    }

    /// <summary>Checks the id of a device, which is one segment of a SPIFFE ID; empty means the caller.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static void CheckDeviceId(string id)
    {
        if (id.Length > MaximumDeviceIdLength || id.Length > 0 && !SpiffeId.IsSegment(id))
            throw Invalid($"the device id has other characters than a segment of a SPIFFE ID, or more than {MaximumDeviceIdLength}");
    }

    private static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
