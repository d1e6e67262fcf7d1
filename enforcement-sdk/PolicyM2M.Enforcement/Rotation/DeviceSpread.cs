using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Enforcement.Rotation;

/// <summary>
/// Where in its fleet's renewals a credential stands: evenly spread over all devices and credentials, and the same each time it is asked, so that a restart
/// moves nothing.
/// </summary>
/// <param name="Position">0 renews last, 2^64 - 1 first.</param>
public readonly record struct DeviceSpread(ulong Position)
{
    /// <summary>The position of one credential of one device, by the SHA-256 of both names.</summary>
    /// <param name="device">The device's id.</param>
    /// <param name="serial">The certificate's serial number, so that a device does not stand at the same place all its life.</param>
    public static DeviceSpread Of(string device, string serial) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{device}\n{serial}"))));

    /// <summary>The device's part of a length of time: from nothing to just less than all of it.</summary>
    internal TimeSpan Of(TimeSpan width) => TimeSpan.FromTicks((long)(((UInt128)Position * (ulong)width.Ticks) >> 64));
}
