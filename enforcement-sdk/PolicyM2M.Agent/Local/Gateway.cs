using System.Collections.Immutable;
using Grpc.Core;
using PolicyM2M.Enforcement;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Vocabulary;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Agent.Local;

/// <summary>
/// The daemon's way to decisions, for itself and for the devices behind it. Holds the one client, and another one after the credential was renewed: two would write over each other's store, so
/// the first is ended before, and who asks meanwhile waits. Safe for all threads.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly OwnClaims _claims;
    private volatile Credential _credential;
    private Task<PolicyClient> _client;

    private Gateway(PolicyClientOptions options, PolicyClient client, OwnClaims claims)
    {
        _credential = new Credential(options, CertificateFile.Of(options.CertificatePath).From);
        _client = Task.FromResult(client);
        _claims = claims;
        DeviceId = client.DeviceId;
    }

    /// <summary>The gateway's identity: its SPIFFE ID.</summary>
    public string DeviceId { get; }

    /// <summary>The gateway's own id: the last segment of that.</summary>
    public string Name => NameOf(DeviceId);

    /// <summary>The time as the client in use knows it, by which the windows of its decisions end.</summary>
    public DateTimeOffset Now => Volatile.Read(ref _client) is { IsCompletedSuccessfully: true } client ? client.Result.Time.GetUtcNow() : _credential.Options.Time.GetUtcNow();

    /// <summary>The last segment of a SPIFFE ID.</summary>
    public static string NameOf(string deviceId) => deviceId[(deviceId.LastIndexOf('/') + 1)..];

    /// <param name="options">How it reaches the decision point.</param>
    /// <param name="claims">What the gateway says of itself; disposed with this.</param>
    /// <exception cref="IOException">As by <see cref="PolicyClient.Connect"/>.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">As by <see cref="PolicyClient.Connect"/>.</exception>
    public static Gateway Connect(PolicyClientOptions options, OwnClaims claims) => new(options, PolicyClient.Connect(options), claims);

    /// <summary>Decides for the gateway itself, by what it says of itself now.</summary>
    public async Task<ImmutableArray<DeviceDecision>> DecideAsync(bool refresh, CancellationToken ending)
    {
        DeviceContext own = await _claims.OfAsync(_credential.IssuedAt, ending);
        return await UseAsync(client => client.DecideAsync(own, refresh, ending));
    }

    /// <summary>Decides for a device. What a program says of the gateway itself adds to what the gateway says, and does not replace it; where the gateway has sources for what it says, it counts for nothing.</summary>
    public async Task<ImmutableArray<DeviceDecision>> DecideAsync(string device, DeviceContext claims, ImmutableArray<DecisionKind> kinds, CancellationToken ending)
    {
        if (device != Name)
            return await UseAsync(client => client.DecisionFor(device, claims, kinds, ending));
        DeviceContext own = await _claims.OfAsync(_credential.IssuedAt, ending);
        DeviceContext whole = _claims.HasSources ? own : own.Values.Aggregate(claims, (merged, value) => merged.With(value.Key, value.Value));
        return await UseAsync(client => client.DecideAsync(whole, kinds, refresh: false, ending));
    }

    /// <summary>The keys that signed decisions are believed by.</summary>
    public Task<ImmutableArray<V1.SigningKey>> KeysAsync() => UseAsync(client => Task.FromResult(client.SigningKeys));

    /// <summary>The attributes that a device need say.</summary>
    public Task<ImmutableArray<string>> NeededAsync() => UseAsync(client => Task.FromResult(client.NeededAttributes));

    /// <summary>What the gateway says of itself now, and what of it will come to nothing.</summary>
    public async Task<ImmutableArray<ClaimSighting>> ClaimsAsync() => _claims.Seen(_credential.IssuedAt, await NeededAsync());

    /// <summary>The bundle that is held; null where none is.</summary>
    public Task<BundleCopy?> BundleAsync() => UseAsync(client => Task.FromResult(client.CopyBundle()));

    /// <summary>The connection to the decision point, for calls that are no decisions.</summary>
    public Task<CallInvoker> CallsAsync() => UseAsync(client => Task.FromResult(client.Calls));

    /// <summary>Tells the decision point that one credential of a device came after another.</summary>
    /// <param name="rotation">Which, as the caller said it.</param>
    /// <param name="deadline">Until when it is waited for.</param>
    /// <param name="ending">Ends the wait.</param>
    /// <exception cref="RpcException">What the decision point has against it; UNAVAILABLE where nobody said that it was taken.</exception>
    public async Task<V1.ReportRotationResponse> ReportAsync(V1.ReportRotationRequest rotation, DateTimeOffset deadline, CancellationToken ending)
    {
        try
        {
            return await new V1.DecisionService.DecisionServiceClient(await CallsAsync()).ReportRotationAsync(rotation, deadline: deadline.UtcDateTime, cancellationToken: ending);
        }
        // What the transport says of it is for nobody outside.
        catch (Exception failure) when (failure is ObjectDisposedException or RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled })
        {
            throw new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "the decision point has not said that it took this; tell it again"));
        }
    }

    /// <summary>How the client stands.</summary>
    public Task<ClientStatus> StatusAsync() => UseAsync(client => Task.FromResult(client.Status));

    /// <summary>Completes when what was allowed may not be any more, as <see cref="PolicyClient.NextChange"/> does for the client in use.</summary>
    public Task NextChangeAsync(CancellationToken ending) => UseAsync(async client =>
    {
        await client.NextChange.WaitAsync(ending);
        return true;
    });

    /// <summary>Goes over to another credential. Where that cannot be used, the one before stays in use; its files must still be where they were. Called by one at a time.</summary>
    /// <exception cref="IOException">The new credential cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It is malformed.</exception>
    public async Task SwitchAsync(string certificatePath, string keyPath)
    {
        var next = new TaskCompletionSource<PolicyClient>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<PolicyClient> before = Interlocked.Exchange(ref _client, next.Task);
        PolicyClientOptions options = _credential.Options with { CertificatePath = certificatePath, KeyPath = keyPath };
        try
        {
            await EndAsync(before);
            var credential = new Credential(options, CertificateFile.Of(certificatePath).From);
            PolicyClient client = PolicyClient.Connect(options);
            _credential = credential;
            next.SetResult(client);
        }
        catch (Exception)
        {
            GoBack(next);
            throw;
        }
    }

    /// <summary>Goes over to what lies now where its credential was. Where that cannot be used, the one before stays in use. Called by one at a time.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The certificate or key is malformed, or another one's.</exception>
    public async Task ReloadAsync()
    {
        DateTimeOffset issuedAt = await UseAsync(client =>
        {
            client.ReloadCertificate();
            return Task.FromResult(CertificateFile.Of(_credential.Options.CertificatePath).From);
        });
        _credential = _credential with { IssuedAt = issuedAt };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(_client);
        _claims.Dispose();
    }

    /// <summary>Uses the credential of before. Where that cannot be used either, whoever asks is told so, and does not wait for ever.</summary>
    private void GoBack(TaskCompletionSource<PolicyClient> next)
    {
        try
        {
            next.SetResult(PolicyClient.Connect(_credential.Options));
        }
        catch (Exception failure)
        {
            next.SetException(failure);
        }
    }

    private static async Task EndAsync(Task<PolicyClient> held)
    {
        await ((Task)held).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (held.IsCompletedSuccessfully)
            await (await held).DisposeAsync();
    }

    private async Task<T> UseAsync<T>(Func<PolicyClient, Task<T>> use)
    {
        while (true)
        {
            Task<PolicyClient> current = Volatile.Read(ref _client);
            try
            {
                return await use(await current);
            }
            catch (ObjectDisposedException) when (Volatile.Read(ref _client) != current)
            {
                // Its credential was renewed while this waited: the next one answers.
            }
        }
    }

    private sealed record Credential(PolicyClientOptions Options, DateTimeOffset IssuedAt);
}
