using System.Globalization;
using System.Text.RegularExpressions;

namespace PolicyM2M.Compiler.Diagnostics;

/// <summary>What a text that begins with a digit, and is no value of any type, looks like: what it cannot be, and which there are.</summary>
internal static partial class MalformedText
{
    /// <summary>Such as <c>no instant</c>.</summary>
    public static string Form(string text) => Of(text).Form;

    /// <summary>Which values there are of what it looks like.</summary>
    public static string Range(string text) => Of(text).Range;

    private static (string Form, string Range) Of(string text) => text switch
    {
        _ when Date().IsMatch(text) => ("no instant", "expected a day that there is, or a day and a time with an offset, such as 2027-01-31, 2027-01-31T06:00Z or 2027-01-31T06:00+02:00"),
        _ when Clock().IsMatch(text) => ("no time of day", "a time of day lies between 00:00 and 23:59:59"),
        _ when Integer().IsMatch(text) => ("no integer", $"an integer lies between {long.MinValue} and {long.MaxValue}"),
        _ when Duration().IsMatch(text) => ("no duration", "a duration has at most 100000d; its units w d h m s stand from large to small, such as 1h30m"),
        _ when Block().IsMatch(text) => ("no address", "expected four numbers up to 255, and in a block no bit beyond its prefix, such as 10.0.0.0/8"),
        _ when PartOfPercent().Match(text) is { Success: true } share => ("no fraction", $"per cent are whole numbers here: write {AsFraction(share.Groups[1].Value, share.Groups[2].Value)}"),
        _ when Share().IsMatch(text) => ("no fraction", "a fraction lies between 0 and 1, such as 2/3 or 10%"),
        _ => ("neither an integer, a version, a duration nor a fraction", "such as 42, 2.4.0, 1h30m (units w d h m s, from large to small), 2/3 or 10%"),
    };

    private static string AsFraction(string whole, string decimals) => $"{int.Parse(whole + decimals, CultureInfo.InvariantCulture)}/100{new string('0', decimals.Length)}";

    [GeneratedRegex("^[0-9]{4}-[0-9]")]
    private static partial Regex Date();

    [GeneratedRegex("^[0-9]{1,2}:[0-9]+(:[0-9]+)?$")]
    private static partial Regex Clock();

    [GeneratedRegex("^-?[0-9]+$")]
    private static partial Regex Integer();

    [GeneratedRegex("^([0-9]+[wdhms])+$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+){3}(/[0-9]+)?$|::.*/[0-9]+$")]
    private static partial Regex Block();

    /// <summary>Per cent below a hundred, with decimals that a fraction can have.</summary>
    [GeneratedRegex(@"^([0-9]{1,2})\.([0-9]{1,6})%$")]
    private static partial Regex PartOfPercent();

    [GeneratedRegex("^[0-9]+/[0-9]+$|%$")]
    private static partial Regex Share();
}
