using PolicyM2M.Enforcement.Deciding;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>Live, cached, stale, denied: the whole table.</summary>
internal sealed class DecisionStateTests
{
    private static readonly Dictionary<(Asked, AtHand), DecisionSource?> Table = new()
    {
        [(Asked.Not, AtHand.Nothing)] = null,
        [(Asked.Not, AtHand.Ended)] = null,
        [(Asked.Not, AtHand.Usable)] = null,
        [(Asked.Not, AtHand.Fresh)] = DecisionSource.Cached,
        [(Asked.Answered, AtHand.Nothing)] = DecisionSource.Live,
        [(Asked.Answered, AtHand.Ended)] = DecisionSource.Live,
        [(Asked.Answered, AtHand.Usable)] = DecisionSource.Live,
        [(Asked.Answered, AtHand.Fresh)] = DecisionSource.Live,
        [(Asked.Refused, AtHand.Nothing)] = DecisionSource.Denied,
        [(Asked.Refused, AtHand.Ended)] = DecisionSource.Denied,
        [(Asked.Refused, AtHand.Usable)] = DecisionSource.Denied,
        [(Asked.Refused, AtHand.Fresh)] = DecisionSource.Denied,
        [(Asked.Unreachable, AtHand.Nothing)] = DecisionSource.Denied,
        [(Asked.Unreachable, AtHand.Ended)] = DecisionSource.Denied,
        [(Asked.Unreachable, AtHand.Usable)] = DecisionSource.Stale,
        [(Asked.Unreachable, AtHand.Fresh)] = DecisionSource.Cached,
    };

    [Test]
    public void Every_state_follows_from_what_came_of_asking_and_what_is_at_hand() =>
        Assert.That(Enum.GetValues<Asked>().SelectMany(asked => Enum.GetValues<AtHand>().Select(atHand => (asked, atHand))).ToDictionary(at => at, at => DecisionState.Of(at.asked, at.atHand)), Is.EqualTo(Table));
}
