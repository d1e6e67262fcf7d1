using System.Security.Cryptography;
using System.Text.Json;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Pdp.Startup;

/// <summary>What went wrong with a file, in our words: those of the library name types and parameters, and repeat the path.</summary>
internal static class FaultText
{
    public static string Of(Exception fault) => fault switch
    {
        FileRefusedException refused => refused.Reason,
        FileNotFoundException or DirectoryNotFoundException => "it is not there",
        UnauthorizedAccessException => "this account may not use it, or it is a folder",
        // Without a place the message is ours, or that of a value that is not as it should be.
        JsonException { LineNumber: { } line, BytePositionInLine: { } place } => $"line {line + 1}, byte {place + 1}: it is not as this server writes it",
        InvalidOperationException or JsonException { InnerException: InvalidOperationException } => "a value in it is not as this server writes it",
        ArgumentException or CryptographicException => "it holds no such key or certificate in PEM, or they do not belong together",
        _ => fault.Message.Split('\n')[0].TrimEnd('\r'),
    };
}
