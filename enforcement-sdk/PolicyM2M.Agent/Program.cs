using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PolicyM2M.Agent;

SystemAuthorities.Ignore();
using var ending = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
try
{
    ParseResult parsed = CommandLine.Build(ending.Token).Parse(args);
    if (parsed.Action is ParseErrorAction)
    {
        await Console.Error.WriteLineAsync($"agent: {string.Join("; ", parsed.Errors.Select(error => error.Message.TrimEnd('.')).Distinct())}; see --help");
        return ExitCode.CouldNotRun;
    }
    return await parsed.InvokeAsync(CommandLine.Invocation);
}
catch (Exception failure) when (failure is CannotRunException or IOException or UnauthorizedAccessException or CryptographicException)
{
    await Console.Error.WriteLineAsync($"agent: {failure.Message}");
    return ExitCode.CouldNotRun;
}

void End(PosixSignalContext signal)
{
    // The run ends by itself, so that what was learned last is on disk.
    signal.Cancel = true;
    ending.Cancel();
}
