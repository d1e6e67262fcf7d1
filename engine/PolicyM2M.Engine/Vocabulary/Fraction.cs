using System.Globalization;

namespace PolicyM2M.Engine.Vocabulary;

/// <summary>An exact share between 0 and 1, in lowest terms: when to renew, how widely to spread.</summary>
public readonly record struct Fraction : IComparable<Fraction>
{
    private readonly int _denominator;

    private Fraction(int numerator, int denominator)
    {
        Numerator = numerator;
        _denominator = denominator;
    }

    /// <summary>The number above the line.</summary>
    public int Numerator { get; }

    /// <summary>The number below the line, at least 1.</summary>
    public int Denominator => _denominator == 0 ? 1 : _denominator;

    /// <summary>The fraction as a number between 0 and 1.</summary>
    public double Value => (double)Numerator / Denominator;

    /// <summary>Makes a fraction in lowest terms; false unless 0 &lt;= numerator &lt;= denominator and denominator &gt; 0.</summary>
    public static bool TryCreate(int numerator, int denominator, out Fraction fraction)
    {
        fraction = default;
        if (denominator <= 0 || numerator < 0 || numerator > denominator)
            return false;
        int divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(numerator, denominator);
        fraction = new Fraction(numerator / divisor, denominator / divisor);
        return true;
    }

    /// <summary>Reads <c>2/3</c> or <c>10%</c>; false where <paramref name="text"/> is neither or lies outside 0 to 1.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Fraction fraction)
    {
        fraction = default;
        if (text.EndsWith("%"))
            return Number(text[..^1], out int percent) && TryCreate(percent, 100, out fraction);
        int slash = text.IndexOf('/');
        return slash > 0 && Number(text[..slash], out int numerator) && Number(text[(slash + 1)..], out int denominator)
            && TryCreate(numerator, denominator, out fraction);
    }

    /// <inheritdoc/>
    public int CompareTo(Fraction other) =>
        ((long)Numerator * other.Denominator).CompareTo((long)other.Numerator * Denominator);

    /// <summary>The fraction as a policy writes it: <c>2/3</c>, or per cent where that is whole: <c>10%</c>.</summary>
    public override string ToString() =>
        100 % Denominator == 0 && Denominator > 4 ? $"{Numerator * (100 / Denominator)}%" : $"{Numerator}/{Denominator}";

    /// <summary>Whether <paramref name="left"/> is the smaller share.</summary>
    public static bool operator <(Fraction left, Fraction right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> is the larger share.</summary>
    public static bool operator >(Fraction left, Fraction right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> is no larger a share.</summary>
    public static bool operator <=(Fraction left, Fraction right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> is no smaller a share.</summary>
    public static bool operator >=(Fraction left, Fraction right) => left.CompareTo(right) >= 0;

    private static bool Number(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
