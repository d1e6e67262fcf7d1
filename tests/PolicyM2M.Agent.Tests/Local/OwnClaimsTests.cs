using PolicyM2M.Agent.Local;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Agent.Tests.Local;

internal sealed class OwnClaimsTests
{
    private static readonly DateTimeOffset Issued = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [TestCase(0, "0s")]
    [TestCase(1, "1h")]
    [TestCase(3_600, "1h")]
    [TestCase(3_601, "2h")]
    [TestCase(86_400, "1d")]
    public void The_age_of_the_certificate_is_never_less_than_it_is(long seconds, string expected) =>
        Assert.That(Of(DeviceContext.Empty, seconds).Values["credential.age"].Text, Is.EqualTo(expected));

    [Test]
    public void What_the_configuration_says_stays_and_a_certificate_of_the_future_has_no_age()
    {
        DeviceContext configured = DeviceContext.Empty.With("credential.age", AttributeValue.Of("9d"));
        Assert.That(Of(configured, 1).Values["credential.age"].Text, Is.EqualTo("9d"));
        Assert.That(Of(DeviceContext.Empty, -1).Values.Keys, Is.EqualTo(new[] { "credential.issued-at" }));
        Assert.That(Of(DeviceContext.Empty, 1).Values["credential.issued-at"].Text, Does.StartWith("2026-11-01"));
    }

    private static DeviceContext Of(DeviceContext configured, long seconds) => OwnClaims.Of(configured, Issued, Issued.AddSeconds(seconds));
}
