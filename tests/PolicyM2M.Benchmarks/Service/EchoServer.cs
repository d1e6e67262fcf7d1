using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PolicyM2M.Wire.V1;

namespace PolicyM2M.Benchmarks.Service;

/// <summary>The line to meet: a server of the same contract over the same TLS that reads each request and gives one answer to all of them, and does nothing else.</summary>
internal static class EchoServer
{
    /// <summary>The command by which the program calls itself.</summary>
    public const string Command = "echo-server";

    /// <summary>Serves until the process is ended.</summary>
    /// <param name="pki">The folder of the server's certificate and authorities.</param>
    /// <param name="answer">The file with the answer's bytes.</param>
    public static int Run(string pki, string answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(pki, "server.pem"), Path.Combine(pki, "server-key.pem"));
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(pki, "ca.pem"));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate,
                SslProtocols = SslProtocols.Tls13,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (client, _, _) => Believes(authorities, client),
            });
        }));
        builder.Services.AddRouting().AddSingleton(DecideResponse.Parser.ParseFrom(File.ReadAllBytes(answer)));
        builder.Services.AddGrpc();
        WebApplication server = builder.Build();
        server.MapGrpcService<Echo>();
        server.StartAsync().GetAwaiter().GetResult();
        Console.Out.WriteLine(server.Urls.Single());
        server.WaitForShutdownAsync().GetAwaiter().GetResult();
        return 0;
    }

    private static bool Believes(X509Certificate2Collection authorities, X509Certificate2 client)
    {
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        return chain.Build(client);
    }

    internal sealed class Echo(DecideResponse answer) : DecisionService.DecisionServiceBase
    {
        public override Task<DecideResponse> Decide(DecideRequest request, ServerCallContext context) => Task.FromResult(answer);
    }
}
