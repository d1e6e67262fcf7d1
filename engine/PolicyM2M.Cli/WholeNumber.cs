using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace PolicyM2M.Cli;

/// <summary>Options whose value is a whole number.</summary>
internal static class WholeNumber
{
    /// <param name="name">The option.</param>
    /// <param name="description">What it says.</param>
    /// <param name="least">The smallest number that it takes.</param>
    /// <param name="most">The largest.</param>
    public static Option<T?> Option<T>(string name, string description, T least, T most)
        where T : struct, IBinaryInteger<T> => new(name)
        {
            HelpName = "NUMBER",
            Description = description,
            CustomParser = result =>
            {
                string given = result.Tokens[0].Value;
                if (T.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number) && number >= least && number <= most)
                    return number;
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"`{given}` is no value for {name}: expected a whole number from {least} to {most}"));
                return null;
            },
        };
}
