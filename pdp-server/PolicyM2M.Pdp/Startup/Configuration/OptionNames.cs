using System.CommandLine;
using System.CommandLine.Help;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>The options that a variable or a key may set, and what they are called there. All follow from the names of the options, so that a new option needs nothing here.</summary>
internal sealed class OptionNames
{
    private const string Prefix = "POLICYM2M_PDP_";

    private readonly Dictionary<string, Option> _byName;

    public OptionNames(Command command) =>
        _byName = command.Options.Where(option => option is not (HelpOption or VersionOption) && option.Name != SettingsOptions.CheckName)
            .ToDictionary(option => option.Name, StringComparer.Ordinal);

    /// <summary>The options, in the order of the help.</summary>
    public IEnumerable<Option> All => _byName.Values;

    /// <summary>The variable that sets an option: <c>--registry-db</c> is <c>POLICYM2M_PDP_REGISTRY_DB</c>.</summary>
    public static string Variable(Option option) => Prefix + option.Name[2..].Replace('-', '_').ToUpperInvariant();

    /// <summary>The key that sets an option: <c>--registry-db</c> is <c>registry-db</c>.</summary>
    public static string Key(Option option) => option.Name[2..];

    /// <summary>Whether an option may have several values.</summary>
    public static bool IsRepeated(Option option) => option.Arity.MaximumNumberOfValues > 1;

    /// <summary>Whether a variable is meant for this program.</summary>
    public static bool IsOurs(string variable) => variable.StartsWith(Prefix, StringComparison.Ordinal);

    public Option? OfVariable(string variable) => All.FirstOrDefault(option => Variable(option) == variable);

    /// <summary>The option of a key of the file, which cannot name another file.</summary>
    public Option? OfKey(string key) => Keys.Contains(key) ? _byName.GetValueOrDefault("--" + key) : null;

    public string UnknownVariable(string variable) => $"{variable}: no option has this name{DidYouMean(variable, All.Select(Variable))}";

    public string UnknownKey(string key) => $"there is no option `{key}`{DidYouMean(key, Keys)}";

    private IEnumerable<string> Keys => All.Where(option => option.Name != SettingsOptions.FileName).Select(Key);

    private static string DidYouMean(string wrong, IEnumerable<string> names) => Spelling.Nearest(wrong, names) is { } nearest ? $"; did you mean `{nearest}`?" : "";
}
