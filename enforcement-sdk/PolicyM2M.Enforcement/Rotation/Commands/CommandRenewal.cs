using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace PolicyM2M.Enforcement.Rotation.Commands;

/// <summary>
/// Renews by a program of the operator's own: for issuers that speak another protocol. It finds the paths of the request and of the keys in its environment, and
/// prints the successor in PEM, with its chain where it has one. Exit code 0: it did; 75 (EX_TEMPFAIL of sysexits.h): the issuer cannot be reached now; any other: it refused.
/// </summary>
public sealed class CommandRenewal(CommandOptions options) : IRenewal
{
    private const int TemporaryFailure = 75, MostWords = 200;

    /// <summary>What a program needs to find others. Everything else of our environment is none of its business, and may be secret.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR"];

    /// <inheritdoc/>
    public async Task<RenewalAnswer> RenewAsync(RenewalRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.TimeLimit);
        using var process = new Process { StartInfo = Start(request) };
        try
        {
            process.Start();
            process.StandardInput.Close();
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            return new RenewalAnswer.Refused($"{options.Program} cannot be started: {failure.Message}");
        }
        try
        {
            Task<string> output = ReadAsync(process.StandardOutput.BaseStream, limit.Token), errors = ReadAsync(process.StandardError.BaseStream, limit.Token);
            await (await Task.WhenAny(output, errors).ConfigureAwait(false)).ConfigureAwait(false);
            await Task.WhenAll(output, errors, process.WaitForExitAsync(limit.Token)).ConfigureAwait(false);
            return Answer(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (InvalidDataException tooMuch)
        {
            return new RenewalAnswer.Refused($"{options.Program} {tooMuch.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new RenewalAnswer.Unreachable($"{options.Program} took longer than {options.TimeLimit}");
        }
        finally
        {
            End(process);
        }
    }

    private RenewalAnswer Answer(int exitCode, string output, string errors)
    {
        string said = FirstLine(errors) is { Length: > 0 } line ? $": {line}" : "";
        return exitCode switch
        {
            0 => Certificates(output) is { Count: > 0 } found ? new RenewalAnswer.Issued(found) : new RenewalAnswer.Refused($"{options.Program} printed no certificate in PEM{said}"),
            TemporaryFailure => new RenewalAnswer.Unreachable($"{options.Program} did not reach the issuer{said}"),
            _ => new RenewalAnswer.Refused($"{options.Program} ended with the exit code {exitCode}{said}"),
        };
    }

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

    private ProcessStartInfo Start(RenewalRequest request)
    {
        var start = new ProcessStartInfo(options.Program, options.Arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Except(Inherited).ToArray())
            start.Environment.Remove(name);
        start.Environment["POLICYM2M_CREDENTIAL"] = request.Name;
        start.Environment["POLICYM2M_CAUSE"] = request.Cause.ToString().ToLowerInvariant();
        start.Environment["POLICYM2M_CSR"] = request.SigningRequestPath;
        start.Environment["POLICYM2M_KEY"] = request.KeyPath;
        start.Environment["POLICYM2M_CURRENT_CERTIFICATE"] = request.CertificatePath;
        start.Environment["POLICYM2M_CURRENT_KEY"] = request.CurrentKeyPath;
        return start;
    }

    /// <exception cref="InvalidDataException">There is more than it may say.</exception>
    private async Task<string> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        byte[] block = new byte[4096];
        for (int read; (read = await stream.ReadAsync(block, cancellation).ConfigureAwait(false)) > 0;)
        {
            all.Write(block, 0, read);
            if (all.Length > options.OutputLimit)
                throw new InvalidDataException($"printed more than {options.OutputLimit} bytes");
        }
        return Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }

    private static string FirstLine(string text) => new([.. text.Trim().Split('\n')[0].Take(MostWords).Where(c => !char.IsControl(c))]);

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It has ended, as it should.
        }
    }
}
