using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>The real <c>git http-backend</c> behind Kestrel with TLS, as a Git host is: a certificate of a private authority, a user and a token.</summary>
internal sealed class GitHttpServer : IAsyncDisposable
{
    public const string User = "deploy", Token = "s3cret-token";

    private readonly WebApplication _server;
    private readonly string _root;
    private int _requests;

    private GitHttpServer(string root, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        _root = root;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        _server = builder.Build();
        _server.Run(Answer);
    }

    public string Address => _server.Urls.Single();

    public int Requests => _requests;

    /// <summary>Where every request is sent on to; null for none.</summary>
    public string? RedirectTo { get; set; }

    public static async Task<GitHttpServer> StartAsync(string root, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate)
    {
        RequiredProgram.Git.Require();
        var server = new GitHttpServer(root, certificate);
        await server._server.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task Answer(HttpContext context)
    {
        Interlocked.Increment(ref _requests);
        HttpRequest request = context.Request;
        if (RedirectTo is { } other)
        {
            context.Response.Redirect(other + request.Path + request.QueryString);
            return;
        }
        if (request.Headers.Authorization != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Token}"))}")
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return;
        }
        var start = new ProcessStartInfo("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string name, string? value) in new (string, string?)[]
        {
            ("GIT_PROJECT_ROOT", _root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", request.Path), ("QUERY_STRING", request.QueryString.Value?.TrimStart('?')),
            ("REQUEST_METHOD", request.Method), ("CONTENT_TYPE", request.ContentType), ("HTTP_CONTENT_ENCODING", request.Headers.ContentEncoding),
            ("GIT_PROTOCOL", request.Headers["Git-Protocol"]), ("REMOTE_USER", User), ("GIT_CONFIG_GLOBAL", "/dev/null"),
        })
            start.Environment[name] = value;
        using Process git = Process.Start(start)!;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        body.Position = 0;
        Task feeding = Feed(git, body);
        using var answer = new MemoryStream();
        await git.StandardOutput.BaseStream.CopyToAsync(answer);
        await feeding;
        byte[] bytes = answer.ToArray();
        int end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (string[] header in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n").Select(line => line.Split(": ", 2)))
        {
            if (header[0] == "Status")
                context.Response.StatusCode = int.Parse(header[1].AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture);
            else
                context.Response.Headers.Append(header[0], header[1]);
        }
        await context.Response.Body.WriteAsync(bytes.AsMemory(end + 4));
    }

    private static async Task Feed(Process git, MemoryStream body)
    {
        await body.CopyToAsync(git.StandardInput.BaseStream);
        git.StandardInput.Close();
    }
}
