using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace PolicyM2M.Store.Signatures;

/// <summary>
/// Verifies Ed25519 signatures (RFC 8032, section 5.1.7), which .NET 10 cannot. It only verifies: everything it is given is public, so that
/// nothing needs constant time, and plain integers are fast enough for one commit at a time. Like OpenSSH it compares the encoded point, without the cofactor.
/// </summary>
internal static class Ed25519
{
    public const int KeyBytes = 32;
    public const int SignatureBytes = 64;

    /// <summary>The prime of the field, 2^255 - 19.</summary>
    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;

    /// <summary>The order of the base point.</summary>
    private static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);

    /// <summary>The constant of the curve, -121665/121666.</summary>
    private static readonly BigInteger D = Reduced(-121665 * Inverse(121666));

    private static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);

    private static readonly Point Base = Decode(Reduced(4 * Inverse(5)), isOdd: false)!.Value;

    private static readonly Point Neutral = new(0, 1, 1, 0);

    /// <summary>Whether a key made this signature of a message; false too where either is no encoding of anything.</summary>
    public static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (key.Length != KeyBytes || signature.Length != SignatureBytes || Decode(key) is not { } a)
            return false;
        ReadOnlySpan<byte> r = signature[..KeyBytes];
        BigInteger s = Integer(signature[KeyBytes..]);
        // A larger one would be a second signature of the same message.
        if (s >= Order)
            return false;
        BigInteger k = Integer(SHA512.HashData([.. r, .. key, .. message])) % Order;
        Point expected = Add(Multiply(Base, s), Multiply(Negated(a), k));
        return r.SequenceEqual(Encode(expected));
    }

    /// <summary>A point in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z (RFC 8032, section 5.1.4).</summary>
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);

    private static Point Add(Point p, Point q)
    {
        BigInteger a = Reduced((p.Y - p.X) * (q.Y - q.X)), b = Reduced((p.Y + p.X) * (q.Y + q.X));
        BigInteger c = Reduced(2 * p.T * q.T * D), d = Reduced(2 * p.Z * q.Z);
        BigInteger e = b - a, f = d - c, g = d + c, h = b + a;
        return new Point(Reduced(e * f), Reduced(g * h), Reduced(f * g), Reduced(e * h));
    }

    private static Point Negated(Point p) => p with { X = Reduced(-p.X), T = Reduced(-p.T) };

    private static Point Multiply(Point p, BigInteger times)
    {
        Point sum = Neutral;
        for (int bit = (int)times.GetBitLength() - 1; bit >= 0; bit--)
        {
            sum = Add(sum, sum);
            if (!((times >> bit) & 1).IsZero)
                sum = Add(sum, p);
        }
        return sum;
    }

    private static Point? Decode(ReadOnlySpan<byte> encoded)
    {
        BigInteger y = Integer(encoded);
        bool isOdd = (encoded[^1] & 0x80) != 0;
        if (isOdd)
            y -= BigInteger.One << 255;
        return y < P ? Decode(y, isOdd) : null;
    }

    /// <summary>The point of this y whose x is odd or even; null where the curve has none (RFC 8032, section 5.1.3).</summary>
    private static Point? Decode(BigInteger y, bool isOdd)
    {
        BigInteger u = Reduced((y * y) - 1), v = Reduced((D * y * y) + 1);
        BigInteger x = Reduced(u * BigInteger.ModPow(v, 3, P) * BigInteger.ModPow(u * BigInteger.ModPow(v, 7, P), (P - 5) / 8, P));
        BigInteger square = Reduced(v * x * x);
        if (square == Reduced(-u) && !u.IsZero)
            x = Reduced(x * RootOfMinusOne);
        else if (square != u)
            return null;
        if (x.IsZero && isOdd)
            return null;
        if (x.IsEven == isOdd)
            x = P - x;
        return new Point(x, y, 1, Reduced(x * y));
    }

    private static byte[] Encode(Point point)
    {
        BigInteger inverse = Inverse(point.Z), x = Reduced(point.X * inverse), y = Reduced(point.Y * inverse);
        byte[] encoded = new byte[KeyBytes];
        y.TryWriteBytes(encoded, out _, isUnsigned: true);
        if (!x.IsEven)
            encoded[^1] |= 0x80;
        return encoded;
    }

    private static BigInteger Integer(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(value, P - 2, P);

    private static BigInteger Reduced(BigInteger value)
    {
        BigInteger rest = value % P;
        return rest.Sign < 0 ? rest + P : rest;
    }
}
