using System.Buffers.Binary;
using PolicyM2M.Enforcement.Tls;

namespace PolicyM2M.Enforcement.Tests.Tls;

/// <summary>A server that no TLS stack would be: it answers a ClientHello with whatever a test wants chosen.</summary>
internal static class HostileServer
{
    public static async Task<EnforcementException?> AnswerAsync(TlsWorld world, ushort version, ushort suite)
    {
        (Stream client, Stream server) = await TlsWorld.PairAsync();
        Task<EnforcedConnection> connecting = world.Enforcer(TlsWorld.Device).ConnectAsync(client, TlsWorld.Host);
        var header = new byte[5];
        await server.ReadExactlyAsync(header);
        await server.ReadExactlyAsync(new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(3))]);
        await server.WriteAsync(ServerHello(version, suite));
        try
        {
            await (await connecting).DisposeAsync();
            return null;
        }
        catch (EnforcementException refused)
        {
            return refused;
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>RFC 5246, section 7.4.1.3: a version, a random, no session, a suite, no compression.</summary>
    private static byte[] ServerHello(ushort version, ushort suite)
    {
        byte[] body = [(byte)(version >> 8), (byte)version, .. new byte[32], 0, (byte)(suite >> 8), (byte)suite, 0];
        byte[] message = [2, 0, 0, (byte)body.Length, .. body];
        return [22, 3, 3, 0, (byte)message.Length, .. message];
    }
}
