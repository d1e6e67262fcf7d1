using System.Xml.Linq;

namespace PolicyM2M.Solution.Tests;

/// <summary>What a project file says of its dependencies.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Name">The project's name.</param>
/// <param name="Sdk">The SDK that builds it.</param>
/// <param name="Projects">The names of the projects it references.</param>
/// <param name="Packages">The packages it references itself, without those of Directory.Build.*.</param>
/// <param name="Frameworks">The shared frameworks it references.</param>
internal sealed record ProjectFile(string Path, string Name, string Sdk, string[] Projects, string[] Packages, string[] Frameworks)
{
    public bool IsTest => Name.EndsWith(".Tests", StringComparison.Ordinal);

    public static ProjectFile Parse(string path, string xml)
    {
        XElement root = XElement.Parse(xml);
        return new ProjectFile(
            path,
            System.IO.Path.GetFileNameWithoutExtension(path),
            (string?)root.Attribute("Sdk") ?? "",
            [.. Included(root, "ProjectReference").Select(System.IO.Path.GetFileNameWithoutExtension).OfType<string>()],
            [.. Included(root, "PackageReference")],
            [.. Included(root, "FrameworkReference")]);
    }

    private static IEnumerable<string> Included(XElement root, string item) =>
        root.Descendants(item).Select(element => (string?)element.Attribute("Include")).OfType<string>();
}
