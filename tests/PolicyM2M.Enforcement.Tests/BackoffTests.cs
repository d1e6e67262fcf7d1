using PolicyM2M.Enforcement.Connection;

namespace PolicyM2M.Enforcement.Tests;

internal sealed class BackoffTests
{
    [Test]
    public void Pauses_double_up_to_the_longest_and_begin_anew_only_after_a_link_that_held()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1));
        (int HeldMilliseconds, int PauseMilliseconds)[] steps = [(0, 250), (900, 500), (0, 1000), (1000, 1000), (0, 1000), (1001, 250), (0, 500)];
        Assert.That(steps.Select(step => backoff.After(TimeSpan.FromMilliseconds(step.HeldMilliseconds)).TotalMilliseconds),
            Is.EqualTo(steps.Select(step => (double)step.PauseMilliseconds)));
    }

    [Test]
    public void No_pause_is_longer_than_the_longest_not_even_the_first() =>
        Assert.That(new Backoff(TimeSpan.FromMilliseconds(100)).After(TimeSpan.Zero), Is.EqualTo(TimeSpan.FromMilliseconds(100)));
}
