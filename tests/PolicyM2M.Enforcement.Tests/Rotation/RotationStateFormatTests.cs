using PolicyM2M.Enforcement.Rotation;

namespace PolicyM2M.Enforcement.Tests.Rotation;

internal sealed class RotationStateFormatTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private static readonly Credential First = new("aa", "01", new CredentialTimes(Now.AddDays(-20), Now.AddDays(10), Now.AddDays(-300))), Second = First with { Fingerprint = "bb", Serial = "02" };

    private static RotationState Full => new()
    {
        Device = "plc-1",
        Serving = Second,
        Succession = new Succession(First, "aa", RotationCause.KeyDue, true, Now, Now.AddHours(1)),
        Waiting = new Waiting(First, RotationCause.Ordered, false),
        PendingKeyMade = Now,
        Attempts = 3,
        NextAttempt = Now.AddMinutes(5),
        UnreachableSince = Now,
        HasObeyedOrder = true,
        IsPauseForOrder = true,
        IsRefused = true,
        LatestSeen = Now,
        Unreported = [new RotationReport("aa", Second, RotationCause.Due, true, Now)],
    };

    [Test]
    public void What_is_written_is_read_back()
    {
        RotationState read = RotationStateFormat.Read(RotationStateFormat.Write(Full), "plc-1");
        Assert.That(read with { Unreported = [] }, Is.EqualTo(Full with { Unreported = [] }));
        Assert.That(read.Unreported, Is.EqualTo(Full.Unreported));
        RotationState empty = new() { Device = "plc-1", Serving = First };
        Assert.That(RotationStateFormat.Read(RotationStateFormat.Write(empty), "plc-1") with { Unreported = [] }, Is.EqualTo(empty with { Unreported = [] }));
    }

    [Test]
    public void A_credential_whose_end_was_written_before_its_beginning_has_no_life()
    {
        RotationState state = new() { Device = "plc-1", Serving = First with { Times = First.Times with { NotAfter = First.Times.NotBefore.AddDays(-1) } } };
        Assert.That(RotationStateFormat.Read(RotationStateFormat.Write(state), "plc-1").Serving.Times.NotAfter, Is.EqualTo(First.Times.NotBefore));
    }

    [Test]
    public void A_state_of_another_device_or_of_no_sense_is_refused()
    {
        Assert.That(() => RotationStateFormat.Read(RotationStateFormat.Write(Full), "plc-2"), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("it belongs to plc-1"));
        foreach (string text in new[] { "null", "{}", "[]", "{\"device\":\"plc-1\"}", "{\"device\":\"plc-1\",\"serving\":null}" })
        {
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
            string sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
            Assert.That(() => RotationStateFormat.Read(System.Text.Encoding.UTF8.GetBytes($"{text}\n{sum}\n"), "plc-1"), Throws.TypeOf<InvalidDataException>(), text);
        }
    }
}
