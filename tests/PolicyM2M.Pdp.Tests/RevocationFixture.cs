using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using PolicyM2M.Testing;

namespace PolicyM2M.Pdp.Tests;

/// <summary>A decision point, and the authority of its callers, which revokes.</summary>
public abstract class RevocationFixture
{
    protected const string Device = "spiffe://dev.policym2m.example/device/plc-0042";

    private protected RunningPdp Pdp { get; private set; } = null!;
    private protected TestAuthority Authority { get; private set; } = null!;

    protected string Crl => Path.Combine(Pdp.Data.Crl, "own.crl");

    [SetUp]
    public async Task Start()
    {
        Pdp = await RunningPdp.StartAsync();
        Authority = TestAuthority.Load(Pdp.Data.Certificate("ca"), Pdp.Data.Key("ca"));
    }

    [TearDown]
    public async Task Stop()
    {
        await Pdp.DisposeAsync();
        Authority.Dispose();
    }

    protected Health.HealthClient Client(X509Certificate2 certificate) => new(Pdp.Channel(certificate));

    protected Health.HealthClient Client(string name) => new(Pdp.ChannelOf(name));

    protected async Task Logged(string text) => await RunningPdp.Eventually(() => Task.FromResult(Pdp.Log.Lines),
        lines => lines.Any(line => line.StartsWith("Error: callers go on", StringComparison.Ordinal) && line.Contains(text, StringComparison.Ordinal)));

    protected async Task AssertRefused(X509Certificate2 certificate, string reason)
    {
        Assert.That(await Status(Client(certificate)), Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Internal));
        Assert.That(Pdp.Log.Lines, Has.Some.StartsWith($"Warning: refused the client certificate of SHA-1 thumbprint {certificate.Thumbprint}: {reason}"));
    }

    protected static async Task<StatusCode> Status(Health.HealthClient client)
    {
        try
        {
            await client.CheckAsync(new HealthCheckRequest());
            return StatusCode.OK;
        }
        catch (RpcException refusal)
        {
            return refusal.StatusCode;
        }
    }
}
