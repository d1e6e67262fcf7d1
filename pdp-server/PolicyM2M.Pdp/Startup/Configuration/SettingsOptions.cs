using System.CommandLine;

namespace PolicyM2M.Pdp.Startup.Configuration;

/// <summary>The options about where options stand.</summary>
internal static class SettingsOptions
{
    public const string FileName = "--config", CheckName = "--check-config";

    public static readonly Option<string?> File = new(FileName)
    {
        Description = "YAML file with options: keys are their names without dashes. The environment overrules it, and the command line both.",
        HelpName = "FILE",
    };

    public static readonly Option<bool> Check = new(CheckName) { Description = "Say what each option is and where that was said, and end; with 1 where something is wrong." };
}
