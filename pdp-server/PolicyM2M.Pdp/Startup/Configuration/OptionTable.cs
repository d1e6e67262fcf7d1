using System.Collections;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>The options as tables: all that there are, for the documentation, and as they are in force, for <c>--check-config</c>.</summary>
internal static partial class OptionTable
{
    private const string CommandLine = "command line", Default = "default";

    /// <summary>Every option, the variable and the key that set it, and what it does, in Markdown.</summary>
    public static string Markdown(Command command)
    {
        var page = new StringBuilder("| option | value | without it | variable | what it does |\n| --- | --- | --- | --- | --- |\n");
        foreach (Option option in new OptionNames(command).All)
        {
            Match stated = Stated(option);
            string meaning = stated.Success ? option.Description![..stated.Index].TrimEnd() : option.Description ?? "";
            string shown = stated.Success ? Cell(DefaultOf(option)) : Code(DefaultOf(option));
            page.Append(CultureInfo.InvariantCulture, $"| `{option.Name}` | {Code(Value(option))} | {shown} | `{OptionNames.Variable(option)}` | {Cell(meaning)} |\n");
        }
        return page.ToString();
    }

    /// <summary>What each option is, and where that was said. Secrets are never values of options, but a URL may hold one, which is left out.</summary>
    public static string InForce(Command command, ParseResult parsed, Settings settings)
    {
        (string Name, string Value, string Place)[] rows = [.. new OptionNames(command).All.Select(option => Row(option, parsed, settings))];
        int name = rows.Max(row => row.Name.Length), value = rows.Max(row => row.Value.Length);
        return string.Concat(rows.Select(row => $"{row.Name.PadRight(name)}  {row.Value.PadRight(value)}  {row.Place}\n"));
    }

    private static (string, string, string) Row(Option option, ParseResult parsed, Settings settings)
    {
        string place = settings.Used.FirstOrDefault(setting => setting.Option == option.Name)?.Place
            ?? (parsed.GetResult(option) is { Implicit: false } ? CommandLine : Default);
        string text = place == Default ? DefaultOf(option)
            : parsed.GetResult(option) is { Tokens: { Count: > 0 } tokens } ? string.Join(", ", tokens.Select(token => token.Value)) : "true";
        return (OptionNames.Key(option), Password().Replace(text, "$1***@"), place);
    }

    private static string Value(Option option) => option.ValueType == typeof(bool) ? "true\\|false" : (option.HelpName ?? "TEXT").Replace("|", "\\|", StringComparison.Ordinal);

    private static Match Stated(Option option) => StatedDefault().Match(option.Description ?? "");

    private static string DefaultOf(Option option) => Stated(option) is { Success: true } stated ? stated.Groups[1].Value : (option.HasDefaultValue ? option.GetDefaultValue() : null) switch
    {
        null => option.ValueType == typeof(bool) ? "false" : "",
        bool flag => flag ? "true" : "false",
        string text => text,
        IEnumerable => "",
        var other => Convert.ToString(other, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Code(string text) => text.Length == 0 ? "" : $"`{text}`";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\[default: (.*)\]$")]
    private static partial Regex StatedDefault();

    /// <summary>The user and password of a URL.</summary>
    [GeneratedRegex("(://)[^/@]*@")]
    private static partial Regex Password();
}
