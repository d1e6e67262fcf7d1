namespace PolicyM2M.Enforcement.Programs;

/// <summary>What a program said.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed.</param>
/// <param name="Errors">What it complained of.</param>
internal sealed record FinishedProgram(int ExitCode, string Output, string Errors)
{
    private const int MostWords = 200;

    /// <summary>The first line of what it complained of, as the end of a sentence; empty where it did not.</summary>
    public string Complaint
    {
        get
        {
            string line = new([.. Errors.Trim().Split('\n')[0].Take(MostWords).Where(c => !char.IsControl(c))]);
            return line.Length == 0 ? "" : $": {line}";
        }
    }
}

/// <summary>A program came to no end of its own; the message says why, after its name.</summary>
internal sealed class ProgramFailedException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether it took too long.</summary>
    public bool IsTooLong { get; init; }
}
