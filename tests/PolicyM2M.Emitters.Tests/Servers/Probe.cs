using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests.Servers;

/// <summary><c>openssl s_client</c> as somebody who offers exactly one thing, and does not care for security itself.</summary>
internal sealed class Probe(RunningServer server)
{
    /// <summary>A client is in when the server has answered it, not when it believes that the handshake is over: in TLS 1.3 it believes so before its certificate was judged.</summary>
    public bool IsLetIn(params string[] offer) => Run(offer).Output.Contains(server.Answer, StringComparison.Ordinal);

    /// <summary>Whether a second connection with the session of a first one resumes it.</summary>
    public bool Resumes(TemporaryFolder folder, params string[] offer)
    {
        string session = folder[$"{Guid.NewGuid():N}.session"];
        Run([.. offer, "-sess_out", session]);
        return File.Exists(session) && Run([.. offer, "-sess_in", session], quiet: false) is { } second
            && (second.Output + second.Error).Contains("Reused", StringComparison.Ordinal);
    }

    private FinishedProcess Run(string[] offer, bool quiet = true) => FinishedProcess.Run(RequiredProgram.OpenSsl.Require(),
        ["s_client", "-connect", $"127.0.0.1:{server.Port}", "-servername", "localhost", .. quiet ? ["-quiet"] : new[] { "-ign_eof" }, .. offer],
        input: server.Question, environment: [new("OPENSSL_CONF", "/dev/null")]);

    public static string[] Version(string version) => version switch
    {
        "TLS1.1" => ["-tls1_1", "-cipher", "ALL@SECLEVEL=0"],
        "TLS1.2" => ["-tls1_2"],
        _ => ["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256"],
    };
}
