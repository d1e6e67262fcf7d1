using Microsoft.Extensions.Logging.Console;

namespace PolicyM2M.Pdp.Startup;

/// <summary>Log lines go to standard error, one event a line, for people or as JSON, so that what was asked for on standard output stays readable.</summary>
internal static class ConsoleLog
{
    public static void Configure(ILoggingBuilder logging, bool isJson)
    {
        if (isJson)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
            });
        }
        // That the host cannot start is told by Program, in one line; the host would add its stack.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
