using Grpc.Core;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Pdp.Rollouts;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Pdp.Services;

/// <summary>What operators may say about a roll-out.</summary>
internal static class RolloutRequests
{
    private const int ShortestCommit = 12, LongestCommit = 64;

    /// <summary>A reason is a line in a log and in a status.</summary>
    public const int LongestReason = 500;

    /// <summary>The commit that the caller takes to be active. It is not optional: who has not looked does not know what would change.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static string Expected(string text) => text.Length is 40 or LongestCommit && text.All(char.IsAsciiHexDigitLower)
        ? text
        : throw Invalid("`expected_active` is not the whole id of a commit; the status tells which one is active");

    /// <summary>A commit, or its beginning; empty where the caller names none.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static string Commit(string text) => text.Length == 0 || (text.Length is >= ShortestCommit and <= LongestCommit && text.All(char.IsAsciiHexDigitLower))
        ? text
        : throw Invalid($"`commit_id` is not the id of a commit in lower case, or at least its first {ShortestCommit} digits");

    /// <summary>A commit that the caller must name.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static string NamedCommit(string text) => Commit(text).Length > 0 ? text : throw Invalid("`commit_id` must name a commit");

    /// <summary>Why; it must not steer whoever reads it.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static string Reason(string text) => OptionalReason(text) is { Length: > 0 } given ? given : throw Invalid("`reason` is empty: say in a sentence why, for whoever finds it");

    /// <summary>The same; empty where the caller says nothing.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static string OptionalReason(string text)
    {
        if (text.Length > LongestReason)
            throw Invalid($"`reason` is longer than {LongestReason} characters: say in a sentence why, for whoever finds it");
        return text.EnumerateRunes().Any(PlainLine.Steers)
            ? throw Invalid("`reason` has a character that cannot be seen; write it on one line")
            : text.Trim();
    }

    /// <exception cref="RpcException">INVALID_ARGUMENT.</exception>
    public static RolloutStage Stage(V1.SetStageRequest request) => (request.Stage, request.Percent) switch
    {
        (V1.RolloutStage.Shadow, 0) => new RolloutStage.Shadow(),
        (V1.RolloutStage.Canary, >= 1 and <= 100) => new RolloutStage.Canary(request.Percent),
        (V1.RolloutStage.Canary, _) => throw Invalid("`percent` is from 1 to 100"),
        (V1.RolloutStage.Shadow, _) => throw Invalid("`percent` is 0 in the stage shadow"),
        _ => throw Invalid("`stage` is shadow or canary"),
    };

    private static RpcException Invalid(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
