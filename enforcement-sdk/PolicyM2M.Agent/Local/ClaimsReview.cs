using System.Collections.Immutable;
using PolicyM2M.Enforcement.Attributes;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Agent.Local;

/// <summary>Looks at what the gateway says of itself for what will come to nothing: only what the policies test is sent, so that nobody else would tell of a name that is misspelt.</summary>
internal static class ClaimsReview
{
    private const string Configuration = "configuration", Certificate = "certificate";

    /// <summary>It says what it knows, whatever the policies test.</summary>
    private static readonly string OperatingSystem = new OsFactsSource().Name;

    /// <summary>All that is said, by name in ordinal order.</summary>
    /// <param name="configured">What the configuration says; it counts first.</param>
    /// <param name="readings">What the sources say.</param>
    /// <param name="shown">What the certificate shows; it counts last.</param>
    /// <param name="needed">What the policies test; empty while nobody has told.</param>
    public static ImmutableArray<ClaimSighting> Of(DeviceContext configured, IReadOnlyDictionary<string, AttributeReading> readings, DeviceContext shown, ImmutableArray<string> needed)
    {
        var all = new SortedDictionary<string, ClaimSighting>(StringComparer.Ordinal);
        foreach ((string name, AttributeValue value) in configured.Values)
            all[name] = Sighting(name, value, Configuration, null);
        foreach ((string name, AttributeReading reading) in readings)
            all.TryAdd(name, Sighting(name, reading.Value, reading.Source, reading.ReadAt));
        foreach ((string name, AttributeValue value) in shown.Values)
            all.TryAdd(name, Sighting(name, value, Certificate, null));
        return [.. all.Values];

        ClaimSighting Sighting(string name, AttributeValue value, string source, DateTimeOffset? readAt)
        {
            bool? isTested = needed.IsEmpty ? null : needed.Contains(name);
            bool isMeant = source != OperatingSystem && source != Certificate;
            return new ClaimSighting(name, source, readAt, isTested, !AttributeName.IsOne(name) ? "it is no attribute's name"
                : value.Kind == AttributeValueKind.Other ? $"no attribute can be {value}"
                : isTested == false && isMeant ? $"no policy tests it{Meant(name)}" : null);
        }

        // What is said already is not what was meant.
        string Meant(string name) => Spelling.Nearest(name, needed.Where(tested => !configured.Values.ContainsKey(tested) && !readings.ContainsKey(tested))) is { } nearest ? $"; did you mean `{nearest}`?" : "";
    }
}
