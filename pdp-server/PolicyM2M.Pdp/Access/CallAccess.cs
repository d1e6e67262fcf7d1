using Google.Protobuf;
using Grpc.Core;
using PolicyM2M.Pdp.Devices;
using PolicyM2M.Pdp.Identity;

namespace PolicyM2M.Pdp.Access;

/// <summary>Whether a caller may call what it calls, by the rules of this moment. A stream that lasts asks again before it says more.</summary>
internal sealed class CallAccess(Denials denials, Reads reads, RegistryState registry)
{
    /// <summary>Holds a call against the table.</summary>
    /// <returns>Who calls.</returns>
    /// <exception cref="RpcException">
    /// UNAUTHENTICATED where the caller's certificate is no longer accepted, UNAVAILABLE where an authority above it has ended or a revocation list is missing, over or cannot be used, which says nothing of the
    /// caller, and
    /// PERMISSION_DENIED where its role may not call this.
    /// </exception>
    public Caller Check(ServerCallContext context)
    {
        CallerConnection connection = context.GetHttpContext().CallerConnection();
        Standing standing = connection.Standing();
        Caller caller = standing.Caller ?? connection.First;
        if (standing.Refusal is { } refusal)
        {
            // UNAUTHENTICATED makes a device forget what it keeps. Whoever connects anew meanwhile does not get in, and keeps it: so must those that are connected.
            Status status = !refusal.IsOfCaller && registry.Current.IsRevoked(caller.Name) ? new Status(StatusCode.PermissionDenied, $"{caller.Id} is revoked")
                : refusal.IsOfCaller ? new Status(StatusCode.Unauthenticated, $"the certificate of {caller.Id} is no longer accepted; connect with a new one")
                : refusal.IsOfAuthority ? new Status(StatusCode.Unavailable, $"an authority above the certificate of {caller.Id} has ended, and so nothing is answered; connect with a certificate of one that holds")
                : new Status(StatusCode.Unavailable, $"whether the certificate of {caller.Id} was revoked is not known at present, and so nothing is answered; try again later, or ask another decision point");
            throw denials.Deny(context.Method, caller, status, refusal.Words);
        }
        if (!AccessTable.Allows(context.Method, caller.Role))
        {
            throw denials.Deny(context.Method, caller, new Status(StatusCode.PermissionDenied, $"{caller.Id} may not call {context.Method}"),
                new RefusalWords(caller.Role == Roles.None ? "its identity has no role" : $"not for the role {caller.Role}"));
        }
        return caller;
    }

    /// <summary>Who calls, where it may; null where <see cref="Check(ServerCallContext)"/> would say why it may not.</summary>
    public static Caller? Allowed(CallerConnection connection, string rpc, DateTimeOffset now) =>
        connection.Standing(now) is { Refusal: null, Caller: { } caller } && AccessTable.Allows(rpc, caller.Role) ? caller : null;

    /// <summary>Likewise, and records what is let through to be read.</summary>
    /// <exception cref="RpcException">As above.</exception>
    public void Check(ServerCallContext context, object request)
    {
        Caller caller = Check(context);
        // What has a way in of its own, as Decide has, comes without a message.
        if (request is IMessage message)
            reads.Note(context.Method, caller, message);
    }
}
