using System.CommandLine;
using PolicyM2M.Cli;

Streams streams = Streams.OfProcess();
try
{
    int code = Run();
    streams.Answers.Flush();
    return code;
}
catch (IOException failure) when (FileFault.IsBrokenPipe(failure))
{
    // Whoever read our output has gone, as `head` does: it has what it wanted.
    return ExitCode.NobodyReads;
}
catch (IOException failure)
{
    streams.Errors.Write($"m2m: {(FileFault.IsDiskFull(failure) ? "standard output cannot be written: " : "")}{FileFault.Of(failure)}\n");
    return ExitCode.CouldNotRun;
}

int Run()
{
    try
    {
        ParseResult parsed = CommandLine.Build(streams).Parse(args);
        return UsageError.Of(parsed) is { Count: > 0 } faults
            ? CouldNotRun(string.Join("; ", faults), [.. faults, "see m2m --help"])
            : parsed.Invoke(new InvocationConfiguration { Output = streams.Answers, Error = streams.Errors, EnableDefaultExceptionHandler = false });
    }
    catch (CannotRunException reason)
    {
        return CouldNotRun(reason.Message, [reason.Message]);
    }
}

int CouldNotRun(string error, string[] lines)
{
    // Whoever asked for JSON reads standard output, and must find there why there is no answer.
    if (args.Contains("--json"))
    {
        streams.Answers.Write(Json.Write(indented: false, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", error);
            writer.WriteEndObject();
        }) + "\n");
    }
    streams.Answers.Flush();
    foreach (string line in lines)
        streams.Errors.Write($"m2m: {line}\n");
    return ExitCode.CouldNotRun;
}
