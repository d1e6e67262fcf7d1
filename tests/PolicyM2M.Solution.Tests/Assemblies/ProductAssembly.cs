using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PolicyM2M.Solution.Tests.Assemblies;

/// <summary>The built assembly of a product, read as data and not loaded.</summary>
internal static class ProductAssembly
{
    /// <summary>The path of a product's assembly beside this one.</summary>
    public static string PathOf(string product) =>
        Path.Combine(AppContext.BaseDirectory, product == FloorPlan.Cli ? "m2m.dll" : $"{product}.dll");

    /// <summary>The names of the assemblies that a product's code names.</summary>
    public static string[] References(string product)
    {
        using PEReader image = Open(product);
        MetadataReader metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }

    /// <summary>Which types a product's code uses.</summary>
    public static IReadOnlyCollection<TypeUse> TypeUses(string product)
    {
        using PEReader image = Open(product);
        return new TypeUseReader(image, image.GetMetadataReader()).Read();
    }

    private static PEReader Open(string product) => new(File.ReadAllBytes(PathOf(product)).ToImmutableArray());
}
