using Grpc.Core;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>Fetches the keys of a decision point over mutual TLS, the one way in which new keys come to be believed.</summary>
internal sealed class KeyFetch(Endpoints endpoints, DecisionMemory memory, Action<ClientEvent> tell)
{
    /// <summary>Fetches the keys of one decision point, and believes them.</summary>
    /// <exception cref="RpcException">It did not answer, or said no.</exception>
    /// <exception cref="WireException">A key is none, or it has none.</exception>
    public async Task FetchAsync(Endpoint endpoint, CallOptions options)
    {
        V1.GetSigningKeysResponse answer = await endpoint.Service.GetSigningKeysAsync(new V1.GetSigningKeysRequest(), options).ConfigureAwait(false);
        if (answer.Keys.Count == 0)
            throw new WireException("the decision point has no signing keys");
        string[] asked = [.. endpoints.All.Select(known => known.Address.ToString())];
        if (memory.Trust(known => known.With(endpoint.Address.ToString(), answer.Keys).Of(asked)) is { } keys)
            tell(new ClientEvent.KeysChanged([.. keys.Trusted.Ids.Order(StringComparer.Ordinal)]));
    }
}
