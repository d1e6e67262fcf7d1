using System.Net;
using System.Net.Sockets;
using PolicyM2M.Testing;

namespace PolicyM2M.Emitters.Tests.Servers;

/// <summary>A real server on the loopback address, started with an emitted configuration. It ends with the test.</summary>
internal sealed class RunningServer : IDisposable
{
    private readonly RunningProcess _process;
    private readonly TemporaryFolder _folder;

    private RunningServer(RunningProcess process, TemporaryFolder folder, int port, string question, string answer)
    {
        _process = process;
        _folder = folder;
        Port = port;
        Question = question;
        Answer = answer;
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What a client asks once it is in.</summary>
    public string Question { get; }

    /// <summary>What is in the answer to it.</summary>
    public string Answer { get; }

    private const string HttpQuestion = "GET / HTTP/1.0\r\n\r\n";

    /// <summary>CONNECT of MQTT 3.1.1 with the client identifier <c>x</c>, and then what is no packet, upon which the broker hangs up; CONNACK with the code 0 is the answer.</summary>
    private const string MqttQuestion = "\u0010\u000d\0\u0004MQTT\u0004\u0002\0\u003c\0\u0001x";
    private const string MqttAnswer = "\u0020\u0002\0\0";

    /// <summary><c>openssl s_server</c> with the emitted file. It sets itself whether a client must show a certificate, whatever a file says, and calls no function of ours.</summary>
    public static Task<RunningServer> OpenSslAsync(EmittedConfiguration configuration, params string[] own) =>
        AcceptAsync(RequiredProgram.OpenSsl.Require(), ["s_server", "-accept", "127.0.0.1:0", "-www", "-nocert", "-ssl_config", "policym2m", .. own], Write(configuration));

    /// <summary>A program in C that calls the function of the emitted header, with the emitted file.</summary>
    public static Task<RunningServer> ProgramAsync(EmittedConfiguration configuration)
    {
        string gcc = new RequiredProgram("gcc", "gcc libc6-dev").Require();
        new RequiredProgram("ssl.h", "libssl-dev").Require("/usr/include/openssl");
        TemporaryFolder folder = Write(configuration);
        string source = Path.Combine(ProjectFolder.Of(typeof(RunningServer).Assembly), "Servers", "program.c");
        FinishedProcess.Run(gcc, ["-std=c11", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L", "-I", folder.Path, source, "-o", folder["program"], "-lssl", "-lcrypto"]).Succeeded();
        return AcceptAsync(folder["program"], [], folder);
    }

    private static async Task<RunningServer> AcceptAsync(string program, string[] arguments, TemporaryFolder folder)
    {
        RunningProcess process = RunningProcess.Start(program, arguments, folder.Path, OpenSslConf(folder));
        string line = await process.NextLineAsync(text => text.StartsWith("ACCEPT ", StringComparison.Ordinal), "port");
        return new RunningServer(process, folder, int.Parse(line[(line.LastIndexOf(':') + 1)..]), HttpQuestion, "200 ok");
    }

    /// <summary><c>openssl s_server</c> as somebody else has it.</summary>
    public static Task<RunningServer> PeerAsync(string[] arguments)
    {
        var folder = new TemporaryFolder();
        folder.Write("openssl.cnf", "");
        return AcceptAsync(RequiredProgram.OpenSsl.Require(), ["s_server", "-accept", "127.0.0.1:0", "-www", .. arguments], folder);
    }

    /// <summary>nginx with one server that has the emitted file and answers with a word.</summary>
    public static async Task<RunningServer> NginxAsync(EmittedConfiguration configuration)
    {
        TemporaryFolder folder = Write(configuration);
        return await NginxAsync(folder, port => $$"""
            listen 127.0.0.1:{{port}} ssl default_server;
            include {{folder["policym2m-nginx-server.conf"]}};
            location / { return 200 "you are in"; }
            """);
    }

    /// <summary>nginx that passes on, over TLS with the emitted file, what it is asked without.</summary>
    public static async Task<RunningServer> ProxyAsync(EmittedConfiguration configuration, int upstream)
    {
        TemporaryFolder folder = Write(configuration);
        return await NginxAsync(folder, port => $$"""
            listen 127.0.0.1:{{port}};
            location / {
              include {{folder["policym2m-nginx-proxy.conf"]}};
              proxy_pass https://127.0.0.1:{{upstream}};
            }
            """);
    }

    private static async Task<RunningServer> NginxAsync(TemporaryFolder folder, Func<int, string> server)
    {
        int port = FreePort();
        folder.Write("nginx.conf", $$"""
            daemon off;
            pid {{folder["pid"]}};
            error_log stderr info;
            events { }
            http {
              access_log off;
              client_body_temp_path {{folder["body"]}}; proxy_temp_path {{folder["proxy"]}}; fastcgi_temp_path {{folder["fastcgi"]}};
              uwsgi_temp_path {{folder["uwsgi"]}}; scgi_temp_path {{folder["scgi"]}};
              server {
            {{server(port)}}
              }
            }
            """);
        RunningProcess process = RunningProcess.Start(RequiredProgram.Nginx.Require(), ["-p", folder.Path, "-c", folder["nginx.conf"], "-e", "stderr"], folder.Path);
        await process.NextLineAsync(text => text.Contains("start worker process ", StringComparison.Ordinal), "worker");
        return new RunningServer(process, folder, port, HttpQuestion, "you are in");
    }

    /// <summary>Mosquitto with the emitted listener, which everybody may use who gets through TLS.</summary>
    public static async Task<RunningServer> MosquittoAsync(Func<int, EmittedConfiguration> configure)
    {
        int port = FreePort();
        TemporaryFolder folder = Write(configure(port));
        folder.Write("mosquitto.conf", $"user root\nallow_anonymous true\nlog_dest stderr\ninclude_dir {folder["conf.d"]}\n");
        Directory.CreateDirectory(folder["conf.d"]);
        File.Copy(folder["policym2m-listener.conf"], folder["conf.d/policym2m-listener.conf"]);
        RunningProcess process = RunningProcess.Start(RequiredProgram.Mosquitto.Require(), ["-c", folder["mosquitto.conf"]], folder.Path, OpenSslConf(folder));
        await process.NextLineAsync(text => text.EndsWith(" running", StringComparison.Ordinal), "start");
        return new RunningServer(process, folder, port, MqttQuestion + "\0\0", MqttAnswer);
    }

    /// <summary>Whether a broker with the emitted bridge comes through to the other one.</summary>
    public static async Task<bool> BridgesAsync(EmittedConfiguration configuration)
    {
        using TemporaryFolder folder = Write(configuration);
        folder.Write("mosquitto.conf", $"user root\nlog_dest stderr\nlog_type all\nlistener {FreePort()} 127.0.0.1\ninclude_dir {folder["conf.d"]}\n");
        Directory.CreateDirectory(folder["conf.d"]);
        folder.Write("conf.d/policym2m-bridge.conf", File.ReadAllText(folder["policym2m-bridge.conf"]) + "topic # both\n");
        using RunningProcess process = RunningProcess.Start(RequiredProgram.Mosquitto.Require(), ["-c", folder["mosquitto.conf"]], folder.Path, OpenSslConf(folder));
        string line = await process.NextLineAsync(text => text.Contains("CONNACK", StringComparison.Ordinal) || text.Contains("OpenSSL Error", StringComparison.Ordinal), "outcome of the bridge");
        return line.Contains("CONNACK", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _process.Dispose();
        _folder.Dispose();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static KeyValuePair<string, string?>[] OpenSslConf(TemporaryFolder folder) => [new("OPENSSL_CONF", folder["openssl.cnf"])];

    public static TemporaryFolder Write(EmittedConfiguration configuration)
    {
        var folder = new TemporaryFolder();
        foreach (EmittedFile file in configuration.Files)
            folder.Write(file.Name, file.Text);
        return folder;
    }
}
