namespace PolicyM2M.Agent;

/// <summary>The folder in which the decision point left its development credentials: <c>.policym2m</c> in the root of the Git work tree.</summary>
internal sealed record DevelopmentFolder(string Path)
{
    private const string Name = ".policym2m";

    public string Certificate => Pki("device.pem");

    public string Key => Pki("device-key.pem");

    public string Trust => Pki("ca.pem");

    public string Cache => System.IO.Path.Combine(Path, "agent");

    /// <exception cref="CannotRunException">There is none: the decision point was not started here yet.</exception>
    public static DevelopmentFolder Find()
    {
        for (DirectoryInfo? folder = new(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            var found = new DevelopmentFolder(System.IO.Path.Combine(folder.FullName, Name));
            if (File.Exists(found.Certificate))
                return found;
            // Another clone around this one has another decision point.
            if (System.IO.Path.Exists(System.IO.Path.Combine(folder.FullName, ".git")))
                break;
        }
        throw new CannotRunException($"no {Name} with development credentials in this folder or above it, up to the root of the Git work tree; start the decision point first:\n"
            + "  dotnet run --project pdp-server/PolicyM2M.Pdp\nor name the files with --cert, --key, --ca and --cache");
    }

    private string Pki(string file) => System.IO.Path.Combine(Path, "pki", file);
}
