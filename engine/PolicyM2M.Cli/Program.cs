using System.CommandLine;
using PolicyM2M.Cli;

Streams streams = Streams.OfProcess();
try
{
    ParseResult parsed = CommandLine.Build(streams).Parse(args);
    if (UsageError.Of(parsed) is { Count: > 0 } faults)
    {
        WriteJson(string.Join("; ", faults));
        foreach (string message in faults)
            streams.Errors.Write($"m2m: {message}\n");
        streams.Errors.Write("m2m: see m2m --help\n");
        return ExitCode.CouldNotRun;
    }
    int code = parsed.Invoke(new InvocationConfiguration { Output = streams.Answers, Error = streams.Errors, EnableDefaultExceptionHandler = false });
    streams.Answers.Flush();
    return code;
}
catch (CannotRunException reason)
{
    WriteJson(reason.Message);
    streams.Answers.Flush();
    streams.Errors.Write($"m2m: {reason.Message}\n");
    return ExitCode.CouldNotRun;
}
catch (IOException failure)
{
    // Whoever read our output has gone, as `head` does; or the disk is full. There is nobody left to tell but standard error.
    streams.Errors.Write($"m2m: {failure.Message}\n");
    return ExitCode.CouldNotRun;
}

// Whoever asked for JSON reads standard output, and must find there why there is no answer.
void WriteJson(string error)
{
    if (!args.Contains("--json"))
        return;
    streams.Answers.Write(Json.Write(indented: false, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("error", error);
        writer.WriteEndObject();
    }) + "\n");
    streams.Answers.Flush();
}
