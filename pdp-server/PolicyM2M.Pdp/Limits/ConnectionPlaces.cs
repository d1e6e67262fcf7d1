using System.Net;
using System.Net.Sockets;

namespace PolicyM2M.Pdp.Limits;

/// <summary>
/// The places that connections take, from their first byte on: of everybody together, and of one address, so that whoever opens all it can leaves some to others. One lock guards the counts. An address of IPv6
/// stands for its /64, of which one host has all (RFC 4291, section 2.5.4).
/// </summary>
internal sealed class ConnectionPlaces(CallLimits limits)
{
    private const int NetworkBytes = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _taken = [];
    private int _all;

    /// <summary>Takes a place; says why there is none where there is none.</summary>
    public string? Enter(IPAddress address)
    {
        IPAddress network = NetworkOf(address);
        lock (_lock)
        {
            if (_all >= limits.Connections)
                return $"{limits.Connections} connections are open";
            int taken = _taken.GetValueOrDefault(network);
            if (taken >= limits.OfOneAddress)
                return $"{limits.OfOneAddress} connections are open from one address";
            _taken[network] = taken + 1;
            _all++;
            return null;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(IPAddress address)
    {
        IPAddress network = NetworkOf(address);
        lock (_lock)
        {
            _all--;
            if (--_taken[network] == 0)
                _taken.Remove(network);
        }
    }

    /// <summary>What is counted as one.</summary>
    internal static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        byte[] bytes = address.GetAddressBytes();
        Array.Clear(bytes, NetworkBytes, bytes.Length - NetworkBytes);
        return new IPAddress(bytes);
    }
}
