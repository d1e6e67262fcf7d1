using System.Text.RegularExpressions;

namespace PolicyM2M.Agent.Tests.Pages;

/// <summary>Commands that a page shows, in its order, and what they print there.</summary>
/// <param name="Commands">The lines of a <c>sh</c> block.</param>
/// <param name="Stays">Whether they run on beside those that follow: the block is called <c>sh stays</c>.</param>
/// <param name="Prints">The lines of the <c>text</c> block after it; none where there is none.</param>
internal sealed partial record PageBlock(string Commands, bool Stays, string[] Prints)
{
    /// <summary>All of them.</summary>
    public static PageBlock[] Of(string page) =>
    [
        .. Block().Matches(page).Select(block => new PageBlock(block.Groups["commands"].Value, block.Groups["stays"].Success, block.Groups["text"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))),
    ];

    /// <summary>The first words of each fenced block, for who wants to know whether all of them are run.</summary>
    public static string[] Fences(string page) => [.. Fence().Matches(page).Select(fence => fence.Groups["language"].Value)];

    [GeneratedRegex(@"^```sh(?<stays> stays)?\n(?<commands>(?:(?!```).*\n)*)```\n(?:\n```text\n(?<text>(?:(?!```).*\n)*)```\n)?", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^```(?<language>\w+)", RegexOptions.Multiline)]
    private static partial Regex Fence();
}
