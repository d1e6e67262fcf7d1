using System.CommandLine;
using System.CommandLine.Invocation;
using PolicyM2M.Cli;

Streams streams = Streams.OfProcess();
try
{
    ParseResult parsed = CommandLine.Build(streams).Parse(args);
    if (parsed.Action is ParseErrorAction)
    {
        foreach (string message in parsed.Errors.Select(error => error.Message).Distinct())
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
