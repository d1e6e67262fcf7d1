using System.Collections.Immutable;
using System.Security.Cryptography;
using PolicyM2M.Enforcement.Programs;

namespace PolicyM2M.Enforcement.Rotation.Commands;

/// <summary>
/// Renews by a program of the operator's own: for issuers that speak another protocol. It finds the paths of the request and of the keys in its environment, and
/// prints the successor in PEM, with its chain where it has one. Exit code 0: it did; 75 (EX_TEMPFAIL of sysexits.h): the issuer cannot be reached now; any other: it refused.
/// </summary>
public sealed class CommandRenewal(CommandOptions options) : IRenewal
{
    private const int TemporaryFailure = 75;

    /// <inheritdoc/>
    public async Task<RenewalAnswer> RenewAsync(RenewalRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            var run = new ProgramRun(options.Program, options.Arguments) { TimeLimit = options.TimeLimit, OutputLimit = options.OutputLimit, Environment = Variables(request) };
            FinishedProgram finished = await run.RunAsync(cancellation).ConfigureAwait(false);
            return Answer(finished);
        }
        catch (ProgramFailedException failure)
        {
            string reason = $"{options.Program} {failure.Message}";
            return failure.IsTooLong ? new RenewalAnswer.Unreachable(reason) : new RenewalAnswer.Refused(reason);
        }
    }

    private RenewalAnswer Answer(FinishedProgram finished) => finished.ExitCode switch
    {
        0 => Certificates(finished.Output) is { Count: > 0 } found ? new RenewalAnswer.Issued(found) : new RenewalAnswer.Refused($"{options.Program} printed no certificate in PEM{finished.Complaint}"),
        TemporaryFailure => new RenewalAnswer.Unreachable($"{options.Program} did not reach the issuer{finished.Complaint}"),
        _ => new RenewalAnswer.Refused($"{options.Program} ended with the exit code {finished.ExitCode}{finished.Complaint}"),
    };

    private static List<ReadOnlyMemory<byte>> Certificates(string text)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        for (ReadOnlySpan<char> rest = text; PemEncoding.TryFind(rest, out PemFields fields); rest = rest[fields.Location.End..])
        {
            byte[] encoded = new byte[fields.DecodedDataLength];
            if (rest[fields.Label] is "CERTIFICATE" && Convert.TryFromBase64Chars(rest[fields.Base64Data], encoded, out _))
                found.Add(encoded);
        }
        return found;
    }

    private static ImmutableDictionary<string, string> Variables(RenewalRequest request) => ImmutableDictionary<string, string>.Empty
        .Add("POLICYM2M_CREDENTIAL", request.Name)
        .Add("POLICYM2M_CAUSE", request.Cause.ToString().ToLowerInvariant())
        .Add("POLICYM2M_CSR", request.SigningRequestPath)
        .Add("POLICYM2M_KEY", request.KeyPath)
        .Add("POLICYM2M_CURRENT_CERTIFICATE", request.CertificatePath)
        .Add("POLICYM2M_CURRENT_KEY", request.CurrentKeyPath);
}
