using System.Collections.Frozen;
using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>
/// What the environment and the file add to a command line. Their values are read by the very parsers of the options, each by itself, so that every fault is found and stands
/// beside the place that has it.
/// </summary>
/// <param name="Used">What counts: for each option at most one, and none that the command line gives.</param>
/// <param name="Faults">What is wrong, whether it would count or not.</param>
internal sealed record Settings(ImmutableArray<Setting> Used, ImmutableArray<string> Faults)
{
    /// <summary>The settings as arguments. In one piece with their options, so that no value is taken for an option.</summary>
    public IEnumerable<string> Arguments => Used.SelectMany(ArgumentsOf);

    /// <summary>Reads what is said beside a command line.</summary>
    public static Settings Read(Command command, ParseResult given, IReadOnlyDictionary<string, string> environment)
    {
        var names = new OptionNames(command);
        List<string> faults = [];
        IReadOnlyList<Setting> variables = EnvironmentSettings.Read(environment, names, faults);
        // Named twice it is a fault of the command line, which says so.
        string? file = (given.GetResult(SettingsOptions.File) is { Tokens.Count: > 1 } ? null : given.GetValue(SettingsOptions.File))
            ?? variables.FirstOrDefault(setting => setting.Option == SettingsOptions.FileName)?.Values[0];
        IReadOnlyList<Setting> lines = file is null ? [] : SettingsFile.Read(file, names, faults);
        faults.AddRange(variables.Concat(lines).SelectMany(setting => FaultsOf(command, setting)));
        IEnumerable<Setting> used = variables.Concat(lines)
            .Where(setting => given.GetResult(setting.Option) is not OptionResult { Implicit: false }).DistinctBy(setting => setting.Option);
        return new Settings([.. used], [.. faults]);
    }

    /// <summary>Where it was said what an option is, as faults begin: the option itself where the command line says it.</summary>
    public string PlaceOf(Option option) => Used.FirstOrDefault(setting => setting.Option == option.Name) is { } setting ? PlaceOf(option, setting) : option.Name;

    /// <summary>The options that are set here, and where.</summary>
    public IReadOnlyDictionary<string, string> Places => Used.IsEmpty ? FrozenDictionary<string, string>.Empty : Used.ToDictionary(setting => setting.Option, setting => setting.Place, StringComparer.Ordinal);

    /// <summary>A fault, and of each option that it names where that is set, if it is not the command line.</summary>
    public static string WithPlaces(string fault, IReadOnlyDictionary<string, string> places) => fault + string.Concat(
        places.Where(place => Regex.IsMatch(fault, $"{Regex.Escape(place.Key)}(?![a-z0-9-])")).OrderBy(place => place.Key, StringComparer.Ordinal).Select(place => $"; {place.Key} is set by {place.Value}"));

    /// <summary>A variable says which option it is by its name, and a place in a file does not.</summary>
    private static string PlaceOf(Option option, Setting setting) => OptionNames.Variable(option) == setting.Place ? setting.Place : $"{setting.Place}: {OptionNames.Key(option)}";

    private static IEnumerable<string> FaultsOf(Command command, Setting setting)
    {
        Option option = command.Options.First(option => option.Name == setting.Option);
        string place = PlaceOf(option, setting);
        if (option.ValueType == typeof(bool))
            return setting.Values is ["true" or "false"] ? [] : [$"{place}: expected true or false"];
        return command.Parse([.. ArgumentsOf(setting)]).Errors.Select(error => $"{place}: {WithoutName(error.Message, option.Name)}");
    }

    private static IEnumerable<string> ArgumentsOf(Setting setting) => setting.Values.Select(value => $"{setting.Option}={value}");

    private static string WithoutName(string message, string option) => message.StartsWith($"{option}: ", StringComparison.Ordinal) ? message[(option.Length + 2)..] : message;
}
