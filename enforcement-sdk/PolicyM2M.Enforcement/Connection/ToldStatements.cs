using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>Reads the statements that come without being asked for, and believes none that was not verified. One that is not believed is told, and costs its device a question.</summary>
/// <param name="memory">The keys that are believed.</param>
/// <param name="clock">The device's clock.</param>
/// <param name="tell">Told what is not believed, and why.</param>
internal sealed class ToldStatements(DecisionMemory memory, DeviceClock clock, Action<ClientEvent> tell)
{
    /// <summary>Whether a statement is signed by a key that is known: otherwise keys must be fetched before it can be read.</summary>
    public bool CanRead(V1.SignedPayload signed) => memory.Keys.Trusted.Knows(signed.KeyId);

    /// <summary>The statement about a device, where it is to be believed; otherwise null.</summary>
    /// <param name="signed">As it came.</param>
    /// <param name="device">The device that it must be about.</param>
    /// <param name="cameAt">When it came, by the device's clock.</param>
    public HeldStatement? Read(V1.SignedPayload signed, string device, DateTimeOffset cameAt)
    {
        try
        {
            ReceivedStatement says = HeldStatement.Verify(signed, memory.Keys.Trusted, device);
            // It may be a replay: it moves the clock on, and vouches for no time.
            clock.Heard(says.IssuedAt);
            if (clock.HasPassed(says.ValidUntil))
                throw new WireException($"the statement about {device} ended at {says.ValidUntil:u}: it is an old one, or this device's clock is ahead");
            return HeldStatement.Of(signed, says, cameAt, clock);
        }
        catch (WireException fault)
        {
            Refuse(device, fault.Message);
            return null;
        }
    }

    /// <summary>What was told of a device is not taken.</summary>
    public void Refuse(string device, string reason) => tell(new ClientEvent.Refused($"a watch told of {device} what is not taken: {reason}") { Device = device });
}
