using System.Globalization;

namespace PolicyM2M.Compiler.Explanations;

/// <summary>Versions next to one that a condition names: between any two of those there is then one of these, if there is any.</summary>
internal static class CandidateVersions
{
    private const int MostNumbers = 4;

    /// <summary>
    /// The version itself; those that people would name next to it, which are a patch later, and earlier by one in the last number that is not zero (<c>2.4.1</c> and <c>2.3.0</c>
    /// for <c>2.4.0</c>); and the very
    /// next in the order of Semantic Versioning 2.0.0 (section 11).
    /// </summary>
    public static IEnumerable<string> Around(string version)
    {
        yield return version;
        // What says how it was built has no place in the order (section 10).
        version = version.Split('+')[0];
        int dash = version.IndexOf('-', StringComparison.Ordinal);
        string release = dash < 0 ? version : version[..dash];
        int given = Math.Max(3, release.Split('.').Length);
        long[] numbers = [.. release.Split('.').Select(number => long.Parse(number, CultureInfo.InvariantCulture)), .. Enumerable.Repeat(0L, MostNumbers)];
        if (Array.FindLastIndex(numbers, number => number > 0) is >= 0 and int last)
            yield return Text([.. numbers[..last], numbers[last] - 1], given);
        if (dash >= 0)
        {
            yield return release;
            // Of two pre-releases that begin alike the longer is the later, and no identifier is before 0.
            yield return $"{version}.1";
            yield return $"{version}.0";
            yield break;
        }
        if (numbers[given - 1] < long.MaxValue)
            yield return Text([.. numbers[..(given - 1)], numbers[given - 1] + 1], given);
        yield return $"{version}-0";
        if (given < MostNumbers)
            yield return Text([.. numbers[..3], 1], MostNumbers);
        if (Next(numbers[..MostNumbers]) is { } next)
            yield return $"{next}-0";
    }

    /// <summary>The next release of four numbers; null where there is none.</summary>
    private static string? Next(long[] numbers)
    {
        int raised = Array.FindLastIndex(numbers, number => number < long.MaxValue);
        return raised < 0 ? null : Text([.. numbers[..raised], numbers[raised] + 1], MostNumbers);
    }

    /// <summary>A version of so many numbers; those left out are zero.</summary>
    private static string Text(long[] numbers, int count) => string.Join('.', numbers.Concat(Enumerable.Repeat(0L, count)).Take(count));
}
