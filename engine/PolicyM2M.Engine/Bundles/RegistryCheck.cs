using System.Collections.Immutable;
using PolicyM2M.Engine.Lattice;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Engine.Bundles;

/// <summary>
/// Holds what a bundle says of the registries against this program's own tables. What they do not have is refused with the whole bundle: nobody here could enforce it, and to leave
/// it out would decide otherwise
/// than everybody else does from the same bytes. A device then stays with the bundle that it has, and a newer program reads the new one.
/// </summary>
internal static class RegistryCheck
{
    /// <summary>Longer than any name of the registries: what a bundle says is shown to people.</summary>
    private const int LongestName = 100;

    /// <exception cref="InvalidDataException">A name has another code point or other versions here, a code point has another name, or the tables do not have it.</exception>
    public static void Check(RegistrySubset subset)
    {
        foreach (Field field in RegistrySubset.Fields)
        {
            ImmutableArray<RegisteredName> names = subset.Of(field)!.Value;
            string what = ((FieldShape.NameList)field.Shape).What;
            for (int i = 0; i < names.Length; i++)
            {
                if (i > 0 && names[i - 1].CodePoint >= names[i].CodePoint)
                    throw new InvalidDataException("the bundle is damaged: its registered names do not ascend");
                if (names[i].Name.Length > LongestName || !names[i].Name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.'))
                    throw new InvalidDataException("the bundle is damaged: a registered name is none");
                Check(what, names[i], TlsRegistry.Registered(field.Name));
            }
        }
    }

    private static void Check(string what, RegisteredName said, IReadOnlyDictionary<string, RegisteredName> own)
    {
        if (own.TryGetValue(said.Name, out RegisteredName? known))
        {
            if (known != said)
                throw Differing($"it has the {what} {said}, and this program {known}");
            return;
        }
        throw own.Values.FirstOrDefault(other => other.CodePoint == said.CodePoint) is { } named
            ? Differing($"it has the {what} {said}, and this program {named}")
            : Differing($"it has the {what} {said}, and this program none of that name or code point; a newer program may");
    }

    private static InvalidDataException Differing(string how) => new($"the bundle was compiled with other registry tables: {how}");
}
