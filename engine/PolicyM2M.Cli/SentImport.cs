using Grpc.Core;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Cli;

/// <summary>How far the import of a file has come, for whoever is not told what came of it.</summary>
/// <param name="isDry">Whether it is only to be tried.</param>
internal sealed class SentImport(bool isDry)
{
    private const string Again = "import the file again: what is written already stays as it is, and what others changed in its devices since becomes again what the file says";

    /// <summary>Whether all of the file is on its way.</summary>
    public bool IsSent { get; set; }

    /// <summary>What the decision point said last; null where it said nothing.</summary>
    public ImportProgress? Progress { get; set; }

    /// <summary>What came of it.</summary>
    /// <exception cref="CannotRunException">It is not known, or the decision point said no.</exception>
    public ImportDevicesResponse Whole(Func<ImportDevicesResponse> send)
    {
        try
        {
            return send();
        }
        catch (CannotRunException failure) when (failure.InnerException is RpcException { Status.DebugException: not null } or RpcException { StatusCode: StatusCode.DeadlineExceeded })
        {
            throw new CannotRunException($"{failure.Message}; {HowFar}", failure);
        }
    }

    private string HowFar => (isDry, IsSent, Progress) switch
    {
        (true, _, _) => "nothing is written, since it was only tried",
        (_, false, _) => "nothing is written, since not all of the file was sent",
        (_, _, null) => $"it had not said yet that any device was written; {Again}",
        (_, _, { } told) => $"it had said that {told.Written} of {told.Devices} devices were written, from the first line on; {Again}",
    };
}
