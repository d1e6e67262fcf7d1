using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>
/// What a bundle carries of the IANA registries of TLS parameters: of each name that its outcomes say the code point, and the versions in which it may be used, which is all that
/// enforcing it needs. Policies select by the other facts, and what they selected is in the outcomes.
/// </summary>
public sealed class RegistrySubset
{
    internal RegistrySubset(string tables, ImmutableArray<RegisteredName> suites, ImmutableArray<RegisteredName> groups, ImmutableArray<RegisteredName> signatures)
    {
        Tables = tables;
        Suites = suites;
        Groups = groups;
        Signatures = signatures;
    }

    /// <summary>The tables that the bundle was compiled with, as <see cref="TlsRegistry.TablesHash"/> tells them. Others are no fault where they agree on these names.</summary>
    public string Tables { get; }

    /// <summary>The cipher suites, by code point.</summary>
    public ImmutableArray<RegisteredName> Suites { get; }

    /// <summary>The groups, by code point.</summary>
    public ImmutableArray<RegisteredName> Groups { get; }

    /// <summary>The signature schemes, by code point.</summary>
    public ImmutableArray<RegisteredName> Signatures { get; }

    /// <summary>The fields whose names are registered, in the order in which a bundle carries them.</summary>
    internal static ImmutableArray<Field> Fields { get; } = [Field.Suites, Field.Groups, Field.Signatures];

    /// <summary>The names that these outcomes say, as this program's own tables have them.</summary>
    internal static RegistrySubset Of(IReadOnlyCollection<Outcome> outcomes)
    {
        return new RegistrySubset(TlsRegistry.TablesHash, Said(Field.Suites), Said(Field.Groups), Said(Field.Signatures));

        ImmutableArray<RegisteredName> Said(Field field) =>
        [
            .. outcomes.Select(outcome => outcome[field]).OfType<FieldValue.Names>().SelectMany(names => names.Items).Distinct(StringComparer.Ordinal)
                .Select(name => TlsRegistry.Registered(field.Name)[name]).OrderBy(known => known.CodePoint),
        ];
    }

    /// <summary>The names of a field; null where its names are none of a registry.</summary>
    internal ImmutableArray<RegisteredName>? Of(Field field) => field == Field.Suites ? Suites : field == Field.Groups ? Groups : field == Field.Signatures ? Signatures : null;

    /// <summary>How much it is, and of which tables: the first twelve digits of their hash.</summary>
    public override string ToString() =>
        $"{Count(Suites, "cipher suite")}, {Count(Groups, "group")}, {Count(Signatures, "signature scheme")} of the tables {Tables[..12]}"
        + $"{(Tables == TlsRegistry.TablesHash ? "" : ", which are not those of this program")}";

    private static string Count(ImmutableArray<RegisteredName> names, string what) => $"{names.Length} {what}{(names.Length == 1 ? "" : "s")}";
}
