using Grpc.Core;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>Reads the statements that come without being asked for, and believes none that was not verified. One that is not believed is told, and costs its device a question.</summary>
/// <param name="memory">The keys that are believed.</param>
/// <param name="clock">The device's clock.</param>
/// <param name="keys">Fetches keys.</param>
/// <param name="tell">Told what is not believed, and why.</param>
internal sealed class ToldStatements(DecisionMemory memory, DeviceClock clock, KeyFetch keys, Action<ClientEvent> tell)
{
    /// <summary>The statement about a device, where it is to be believed; otherwise null. Fetches keys where it is signed by one that is not known.</summary>
    /// <param name="endpoint">Who told it.</param>
    /// <param name="signed">As it came; null where none did.</param>
    /// <param name="device">The device that it must be about.</param>
    /// <param name="options">How long keys may take.</param>
    /// <exception cref="RpcException">The keys could not be had.</exception>
    /// <exception cref="WireException">They make no sense.</exception>
    public async Task<HeldStatement?> ReadAsync(Endpoint endpoint, V1.SignedPayload? signed, string device, CallOptions options)
    {
        if (signed is null)
            return null;
        DateTimeOffset cameAt = clock.Now;
        if (!memory.Keys.Trusted.Knows(signed.KeyId))
            await keys.FetchAsync(endpoint, options).ConfigureAwait(false);
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

    /// <summary>A statement about a device is not taken.</summary>
    public void Refuse(string device, string reason) => tell(new ClientEvent.Refused($"a watch told a statement about {device} that is not taken: {reason}"));
}
