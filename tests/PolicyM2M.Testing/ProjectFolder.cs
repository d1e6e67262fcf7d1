using System.Reflection;

namespace PolicyM2M.Testing;

/// <summary>Where the sources of a test project are: Directory.Build.targets writes it into the assembly.</summary>
public static class ProjectFolder
{
    /// <summary>The folder of the project that <paramref name="assembly"/> was built from.</summary>
    /// <exception cref="InvalidOperationException">It is not a test project's assembly.</exception>
    public static string Of(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return assembly.GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(a => a.Key == nameof(ProjectFolder))?.Value
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} carries no metadata {nameof(ProjectFolder)}");
    }

    /// <summary>The root of the repository in which the project lies: the folder that holds PolicyM2M.sln.</summary>
    /// <exception cref="InvalidOperationException">It is not a test project's assembly, or lies in no such folder.</exception>
    public static string RepositoryRootOf(Assembly assembly)
    {
        for (DirectoryInfo? folder = new(Of(assembly)); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PolicyM2M.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"no folder above {Of(assembly)} holds PolicyM2M.sln");
    }
}
