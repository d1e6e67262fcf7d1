using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using PolicyM2M.Enforcement.Tls;

namespace PolicyM2M.Enforcement.Kestrel;

/// <summary>Kestrel's connections, held to what was decided.</summary>
public static class EnforcedKestrel
{
    /// <summary>
    /// Makes an endpoint's connections TLS as decided, and verifies each before a request of it is read; use it in the place of <c>UseHttps</c>. A connection
    /// that may not be is closed, and heard of by <see cref="TlsEnforcerOptions.OnRefusal"/>. A request finds its <see cref="EnforcedConnection"/> among the features of its <c>HttpContext</c>.
    /// </summary>
    /// <param name="listen">The endpoint.</param>
    /// <param name="enforcer">Makes the connections.</param>
    /// <returns>The same endpoint.</returns>
    public static ListenOptions UsePolicyM2M(this ListenOptions listen, TlsEnforcer enforcer)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(enforcer);
        listen.Use(next => context => BeforeTlsAsync(enforcer, context, next));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = enforcer.Options.HandshakeTimeout,
            OnConnection = context => ValueTask.FromResult<SslServerAuthenticationOptions>(context.Connection.Features.Get<EndpointHandshake>()!.Attempt.ServerOptions()),
        });
        listen.Use(next => context => AfterTlsAsync(enforcer, context, next));
        return listen;
    }

    private static async Task BeforeTlsAsync(TlsEnforcer enforcer, ConnectionContext context, ConnectionDelegate next)
    {
        EndpointHandshake handshake;
        try
        {
            handshake = new EndpointHandshake(await enforcer.BeginAsync(isServer: true, context.ConnectionClosed));
        }
        catch (Exception refused) when (refused is EnforcementException or OperationCanceledException)
        {
            context.Abort();
            return;
        }
        context.Features.Set(handshake);
        context.Transport = new WitnessedTransport(context.Transport, handshake.Attempt.Witness);
        await next(context);
        // Kestrel logs a handshake that failed and goes on; what the decision has to do with it is known here.
        if (!handshake.IsDone && handshake.Attempt.Witness.Client is not null)
            EventHandling.Tell(enforcer.Options.OnRefusal, handshake.Attempt.Explain(new AuthenticationException("the TLS handshake failed")));
    }

    private static async Task AfterTlsAsync(TlsEnforcer enforcer, ConnectionContext context, ConnectionDelegate next)
    {
        EndpointHandshake handshake = context.Features.Get<EndpointHandshake>()!;
        handshake.IsDone = true;
        EnforcedConnection connection;
        try
        {
            connection = enforcer.Finish(handshake.Attempt, context.Features.Get<ISslStreamFeature>()!.SslStream, context.Abort);
        }
        catch (EnforcementException)
        {
            context.Abort();
            return;
        }
        context.Features.Set(connection);
        try
        {
            await next(context);
        }
        finally
        {
            connection.Release();
        }
    }
}
