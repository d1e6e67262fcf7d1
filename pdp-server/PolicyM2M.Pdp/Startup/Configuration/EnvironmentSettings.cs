using System.Collections;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>Reads options from environment variables.</summary>
internal static class EnvironmentSettings
{
    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> OfProcess() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    /// <summary>What the variables say; several values of one option are separated by commas.</summary>
    public static IReadOnlyList<Setting> Read(IReadOnlyDictionary<string, string> environment, OptionNames names, List<string> faults)
    {
        List<Setting> settings = [];
        foreach ((string variable, string value) in environment.Where(entry => OptionNames.IsOurs(entry.Key)).OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (names.OfVariable(variable) is not { } option)
                faults.Add(names.UnknownVariable(variable));
            else if (value.Length == 0)
                faults.Add($"{variable}: expected a value; a variable that is to say nothing must be unset");
            else
                settings.Add(new Setting(option.Name, OptionNames.IsRepeated(option) ? [.. value.Split(',', StringSplitOptions.TrimEntries)] : [value], variable));
        }
        return settings;
    }
}
