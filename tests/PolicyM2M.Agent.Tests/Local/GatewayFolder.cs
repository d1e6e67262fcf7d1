using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests.Local;

/// <summary>A folder with all that a daemon needs and a configuration that names it. Its decision point is one to which nobody listens.</summary>
internal sealed class GatewayFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public GatewayFolder()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        WriteCredential(now.AddHours(-1), now.AddHours(12));
        foreach (string folder in new[] { "state", "run", "service" })
            Directory.CreateDirectory(_folder[folder]);
        Configuration = _folder.Write("agent.json", $$"""
            {
              "pdp": ["https://127.0.0.1:1"], "certificate": "{{_folder["gateway.pem"]}}", "key": "{{_folder["gateway-key.pem"]}}", "trust": "{{_folder["ca.pem"]}}",
              "state": "{{_folder["state"]}}", "socket": { "path": "{{_folder["run/agent.sock"]}}" },
              "services": [ { "name": "broker", "stack": "mosquitto", "folder": "{{_folder["service"]}}", "certificate": "/c.pem", "key": "/k.pem", "authorities": "/a.pem",
                "changed": { "command": ["/bin/true"] }, "refused": { "command": ["/bin/true"] } } ],
            }
            """);
    }

    /// <summary>The path of the configuration.</summary>
    public string Configuration { get; }

    /// <summary>The path of the socket.</summary>
    public string Socket => _folder["run/agent.sock"];

    /// <summary>The full path of something in it.</summary>
    public string this[string relative] => _folder[relative];

    /// <summary>Breaks one thing.</summary>
    public void Break(string what, DateTimeOffset now)
    {
        const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        switch (what)
        {
            case "no-such-file":
                File.Delete(_folder["gateway.pem"]);
                break;
            case "expired":
                WriteCredential(now.AddDays(-2), now.AddDays(-1));
                break;
            case "of-tomorrow":
                WriteCredential(now.AddDays(1), now.AddDays(2));
                break;
            case "at-its-end":
                WriteCredential(now.AddDays(-99), now.AddDays(1));
                break;
            case "under-expired":
                File.AppendAllText(_folder["gateway.pem"], "\n" + Authority(now.AddDays(-2), now.AddDays(-1)));
                break;
            case "under-one-at-its-end":
                WriteCredential(now.AddDays(-99), now.AddDays(99));
                File.AppendAllText(_folder["gateway.pem"], "\n" + Authority(now.AddDays(-99), now.AddDays(1)));
                break;
            case "readable-key":
                File.SetUnixFileMode(_folder["gateway-key.pem"], Everybody);
                break;
            case "other-key":
                using (var other = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                    _folder.Write("gateway-key.pem", other.ExportPkcs8PrivateKeyPem());
                break;
            case "no-trust":
                _folder.Write("ca.pem", "");
                break;
            case "writable-trust":
                File.SetUnixFileMode(_folder["ca.pem"], Everybody);
                break;
            case "no-state":
                Directory.Delete(_folder["state"]);
                break;
            case "writable-state":
                File.SetUnixFileMode(_folder["state"], Everybody);
                break;
            case "writable-configuration":
                File.SetUnixFileMode(Configuration, Everybody);
                break;
            case "readable-cache-key":
                File.SetUnixFileMode(_folder.Write("state/cache-key", "key"), Everybody);
                break;
            case "empty-cache-key":
                CacheKey("");
                _folder.Write("state/decisions.m2mc", "sealed");
                break;
            case "short-cache-key":
                CacheKey("key");
                break;
            case "nowhere-cache-key":
                File.CreateSymbolicLink(_folder["state/cache-key"], "nothing");
                break;
            case "lock-folder":
                Directory.CreateDirectory(_folder["state/lock"]);
                break;
            case "state-file":
                Directory.Delete(_folder["state"]);
                _folder.Write("state", "");
                break;
            case "state-below-file":
                Directory.Delete(_folder["state"]);
                _folder.Write("state", "");
                File.WriteAllText(Configuration, File.ReadAllText(Configuration).Replace($"\"{_folder["state"]}\"", $"\"{_folder["state/below"]}\"", StringComparison.Ordinal));
                break;
            case "state-in-proc":
                File.WriteAllText(Configuration, File.ReadAllText(Configuration).Replace($"\"{_folder["state"]}\"", "\"/proc/none\"", StringComparison.Ordinal));
                break;
            case "socket-file":
                _folder.Write("run/agent.sock", "");
                break;
            case "socket-folder":
                Directory.CreateDirectory(_folder["run/agent.sock"]);
                break;
            case "garbage-certificate":
                _folder.Write("gateway.pem", "garbage");
                break;
            case "nameless-certificate":
                WriteCredential(now.AddHours(-1), now.AddHours(12), "https://test.example");
                break;
            case "no-key":
                File.Delete(_folder["gateway-key.pem"]);
                break;
            case "no-trust-file":
                File.Delete(_folder["ca.pem"]);
                break;
            case "current-folder":
                Renew();
                File.Delete(_folder["state/credential/current"]);
                Directory.CreateDirectory(_folder["state/credential/current"]);
                break;
            case "open-credentials":
                File.SetUnixFileMode(Directory.CreateDirectory(_folder["state/credential"]).FullName, Everybody);
                break;
            case "no-run":
                Directory.Delete(_folder["run"]);
                break;
            case "no-service-run":
                File.WriteAllText(Configuration, File.ReadAllText(Configuration).Replace(_folder["run/agent.sock"], "/run/policym2m-agent-of-nobody/agent.sock", StringComparison.Ordinal));
                break;
            case "no-service-folder":
                Directory.Delete(_folder["service"]);
                break;
            case "no-lists":
                File.WriteAllText(Configuration, File.ReadAllText(Configuration).Replace("\"authorities\"", $"\"revocationLists\": \"{_folder["crl.pem"]}\", \"authorities\"", StringComparison.Ordinal));
                break;
            case "nothing":
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(what), what, "nobody breaks that");
        }
    }

    /// <summary>Makes it one that has renewed its credential.</summary>
    public void Renew()
    {
        File.WriteAllText(Configuration, File.ReadAllText(Configuration).Replace("\"services\"", $$"""
            "renewal": { "trust": "{{_folder["ca.pem"]}}", "command": ["/bin/true"] }, "services"
            """, StringComparison.Ordinal));
        string own = Directory.CreateDirectory(_folder["state/credential/renewed"]).FullName;
        foreach ((string from, string to) in new[] { ("gateway.pem", "certificate.pem"), ("gateway-key.pem", "key.pem") })
            File.Copy(_folder[from], Path.Combine(own, to));
        File.SetUnixFileMode(_folder["state/credential"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.CreateSymbolicLink(_folder["state/credential/current"], "renewed");
    }

    public void Dispose() => _folder.Dispose();

    private void CacheKey(string key) => File.SetUnixFileMode(_folder.Write("state/cache-key", key), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>An authority, by its name alone, above the gateway's certificate.</summary>
    private static string Authority(DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = new CertificateRequest("CN=Test", key, HashAlgorithmName.SHA256)
            .Create(new X500DistinguishedName("CN=Root"), X509SignatureGenerator.CreateForECDsa(key), from, until, [1]);
        return authority.ExportCertificatePem();
    }

    private void WriteCredential(DateTimeOffset from, DateTimeOffset until, string name = "spiffe://test.example/gateway/gw-1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(name));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(from, until);
        _folder.Write("gateway.pem", certificate.ExportCertificatePem());
        _folder.Write("ca.pem", certificate.ExportCertificatePem());
        _folder.Write("gateway-key.pem", key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(_folder["gateway-key.pem"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(_folder["ca.pem"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
