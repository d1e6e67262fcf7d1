using System.Collections.Immutable;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Enforcement;

/// <content>Callers with one question share one call.</content>
public sealed partial class PolicyClient
{
    /// <summary>
    /// Asks, or joins the call under way for the question. A question is a device and those of its claims that the policies need, as far as that is known: readings that differ only in what nobody tests are one. What is
    /// needed may turn out to be more than was known; so whoever joined by other claims than were asked about looks whether the answer is theirs, and otherwise asks by all of their own.
    /// </summary>
    private async Task<ImmutableArray<DeviceDecision>> ShareAsync(ClaimSet claims, IReadOnlyList<DecisionKind> kinds, bool refresh, CancellationToken cancellation)
    {
        string whole = Question(claims, kinds, claims.Claims);
        string needed = _memory.Needed is { } known ? Question(claims, kinds, claims.Claims.Where(known.Contains)) : whole;
        SharedAnswers shared = await _calls.ShareAsync($"needed {needed}", AskOrFindAsync, cancellation).ConfigureAwait(false);
        if (shared.IsAsked || !refresh)
        {
            if (shared.Whole == whole)
                return shared.Answers;
            if (Fresh(claims, kinds) is { } fresh)
                return fresh;
        }
        return (await _calls.ShareAsync($"whole {refresh} {whole}", AskOrFindAsync, cancellation).ConfigureAwait(false)).Answers;

        // A call that was under way when this began may have ended since, and brought the answer.
        async Task<SharedAnswers> AskOrFindAsync(CancellationToken ending) => !refresh && Fresh(claims, kinds) is { } found
            ? new SharedAnswers(whole, found, IsAsked: false)
            : new SharedAnswers(whole, await AskAsync(claims, kinds, ending).ConfigureAwait(false), IsAsked: true);
    }

    private static string Question(ClaimSet claims, IReadOnlyList<DecisionKind> kinds, DeviceContext context) =>
        string.Join('\n', kinds.Select(kind => ContextKey.Of(kind, context)).Prepend($"{claims.Device} {claims.Slot.Facts.Served?.Id.BundleHash}"));

    /// <summary>What a call came to.</summary>
    /// <param name="Whole">The question of who made it, with all claims.</param>
    /// <param name="Answers">The answers to that.</param>
    /// <param name="IsAsked">Whether the decision point was asked, and not only what is kept.</param>
    private sealed record SharedAnswers(string Whole, ImmutableArray<DeviceDecision> Answers, bool IsAsked);
}
