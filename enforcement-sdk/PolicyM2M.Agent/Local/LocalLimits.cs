using System.Text;
using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>How much a local program may say at once: as much as the decision point takes, so that what the agent passes on is not refused there.</summary>
internal static class LocalLimits
{
    public const int MaximumMessageBytes = 512 << 10;

    private const int MaximumAttributes = 256;
    private const int MaximumNameBytes = 128;
    private const int MaximumTextBytes = 1_024;
    private const int MaximumDeviceIdLength = 256;
    private const int MaximumCorrelationBytes = 64;
    private const int StatementDigestBytes = 32;

    /// <summary>Checks a request.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static void Check(DecideRequest request)
    {
        if (request.DeviceId.Length > MaximumDeviceIdLength)
            throw Invalid($"the device id has more than {MaximumDeviceIdLength} characters");
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
        if (request.Kinds.Distinct().Count() != request.Kinds.Count)
            throw Invalid("a kind of decision is asked for twice");
        if (request.Form is not (DecisionForm.Unspecified or DecisionForm.Signed))
            throw Invalid($"there is no form {request.Form:D} of decisions");
        if (request.KnownStatement.Length is not (0 or StatementDigestBytes))
            throw Invalid($"known_statement is a SHA-256 and has {StatementDigestBytes} bytes");
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

    private static RpcException Invalid(string message) => new(new Grpc.Core.Status(StatusCode.InvalidArgument, message));
}
