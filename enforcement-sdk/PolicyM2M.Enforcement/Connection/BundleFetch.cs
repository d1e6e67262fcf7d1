using System.Security.Cryptography;
using Grpc.Core;
using PolicyM2M.Enforcement.Deciding;
using PolicyM2M.Enforcement.Storing;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Wire;
using V1 = PolicyM2M.Wire.V1;

namespace PolicyM2M.Enforcement.Connection;

/// <summary>
/// Keeps the bundle that is served: fetches it where it is another, goes on where a fetch broke off, and has it vouched for anew. What comes is held only when its length, its SHA-256 and the
/// signature of its statement say that it is what it must be. Mutable; used by one caller at a time, and asks one decision point at a time.
/// </summary>
/// <param name="endpoints">Whom to ask.</param>
/// <param name="silence">How long a decision point may take for each part. The whole may take as long as the line is slow.</param>
/// <param name="memory">What is known.</param>
/// <param name="answers">What holds the bundle.</param>
/// <param name="clock">The device's clock.</param>
/// <param name="keys">Fetches keys.</param>
/// <param name="self">What is known of this device.</param>
/// <param name="store">Keeps the bundle.</param>
/// <param name="tell">Told what came of it.</param>
internal sealed class BundleFetch(Endpoints endpoints, TimeSpan silence, DecisionMemory memory, LocalAnswers answers, DeviceClock clock, KeyFetch keys, DeviceSlot self, BundleStore store, Action<ClientEvent> tell)
{
    /// <summary>More than ten times the bundle of ten thousand rules. While one is taken up it is in memory four times over, and the agent's unit has 128 MB for everything.</summary>
    public const int LargestBundle = 8 << 20;

    private string _partHash = "";
    private byte[] _part = [];
    private int _partLength;

    /// <summary>Fetches what is new: nothing but the statement where the bundle is the same.</summary>
    /// <returns>Whether one that may be used is held now; false where what came was refused.</returns>
    /// <exception cref="RpcException">Nobody answered, or the answer was no.</exception>
    public async Task<bool> FetchAsync(CancellationToken ending)
    {
        try
        {
            await endpoints.CallEachAsync(endpoint => FetchAsync(endpoint, ending), ending).ConfigureAwait(false);
            return true;
        }
        catch (Exception unusable) when (unusable is WireException or InvalidDataException)
        {
            tell(new ClientEvent.BundleRefused(unusable.Message));
            return false;
        }
    }

    private async Task FetchAsync(Endpoint endpoint, CancellationToken ending)
    {
        using var silent = CancellationTokenSource.CreateLinkedTokenSource(ending);
        silent.CancelAfter(silence);
        var options = new CallOptions(cancellationToken: silent.Token);
        DateTimeOffset askedAt = clock.Now;
        HeldBundle? held = answers.Held;
        var request = _partLength > 0
            ? new V1.GetBundleRequest { BundleHash = _partHash, Offset = (ulong)_partLength }
            : new V1.GetBundleRequest { BundleHash = held?.Bundle.Hash ?? "", Offset = (ulong)(held?.Statement.Length ?? 0) };
        using AsyncServerStreamingCall<V1.GetBundleResponse> call = endpoint.Service.GetBundle(request, options);
        if (!await call.ResponseStream.MoveNext(options.CancellationToken).ConfigureAwait(false) || call.ResponseStream.Current.Description is not { } description)
            throw new WireException("a bundle came without its description");
        if (description.Statement is not { } signed)
            throw new WireException("nobody vouches for the bundle: it came without a statement");
        if (!memory.Keys.Trusted.Knows(signed.KeyId))
            await keys.FetchAsync(endpoint, options).ConfigureAwait(false);
        ReceivedBundleStatement statement = Believed(description, signed);
        DateTimeOffset counted = askedAt + (statement.ValidUntil - statement.IssuedAt), validUntil = !clock.IsBehind && statement.ValidUntil < counted ? statement.ValidUntil : counted;
        if (held?.Bundle.Hash == statement.Revision.BundleHash)
        {
            Hold(held.With(signed, statement, validUntil), isNew: false);
            return;
        }
        byte[] bytes = await BytesAsync(call, description, statement, silent).ConfigureAwait(false);
        Hold(new HeldBundle(Bundle.Read(bytes), signed, statement, validUntil), isNew: true);
    }

    /// <summary>The statement, where it speaks of this bundle, holds, and is not from before what was already seen.</summary>
    private ReceivedBundleStatement Believed(V1.BundleDescription description, V1.SignedPayload signed)
    {
        ReceivedBundleStatement statement = memory.Keys.Trusted.BundleStatement(signed);
        if (statement.Revision != WireMapping.FromWire(description.Revision) || (ulong)statement.Length != description.Length)
            throw new WireException("the statement is about another bundle");
        if (statement.Length > LargestBundle)
            throw new WireException($"the bundle has {statement.Length} bytes, and at most {LargestBundle} are taken");
        if (clock.HasPassed(statement.ValidUntil))
            throw new WireException($"the statement about the bundle ended at {statement.ValidUntil:u}: it is an old one, or this device's clock is ahead");
        if (self.Facts.LatestSeen is { } seen && RevisionStamp.Of(statement).IsBefore(seen))
        {
            tell(new ClientEvent.RevisionRefused(statement.Revision, seen.Id));
            throw new WireException("the bundle is of policies from before those already seen");
        }
        clock.Heard(statement.IssuedAt);
        return statement;
    }

    private async Task<byte[]> BytesAsync(AsyncServerStreamingCall<V1.GetBundleResponse> call, V1.BundleDescription description, ReceivedBundleStatement statement, CancellationTokenSource silent)
    {
        if (_partHash != statement.Revision.BundleHash || (ulong)_partLength != description.Offset)
        {
            if (description.Offset != 0)
                throw new WireException("a bundle begins where it was not asked to");
            (_partHash, _part, _partLength) = (statement.Revision.BundleHash, new byte[statement.Length], 0);
        }
        while (await call.ResponseStream.MoveNext(silent.Token).ConfigureAwait(false))
        {
            silent.CancelAfter(silence);
            ReadOnlyMemory<byte> data = call.ResponseStream.Current.Data?.Memory ?? default;
            if (data.Length > _part.Length - _partLength)
                throw Dropped("the bundle is longer than it was said to be");
            data.CopyTo(_part.AsMemory(_partLength));
            _partLength += data.Length;
        }
        if (_partLength < _part.Length)
            throw new RpcException(new Status(StatusCode.Unavailable, $"the bundle broke off after {_partLength} of {_part.Length} bytes"));
        byte[] whole = _part;
        if (Convert.ToHexStringLower(SHA256.HashData(whole)) != statement.Revision.BundleHash)
            throw Dropped("the bundle is not the one that its hash names");
        Drop();
        return whole;
    }

    private void Drop() => (_partHash, _part, _partLength) = ("", [], 0);

    private WireException Dropped(string reason)
    {
        Drop();
        return new WireException(reason);
    }

    private void Hold(HeldBundle bundle, bool isNew)
    {
        answers.Held = bundle;
        store.Save(bundle);
        if (isNew)
            tell(new ClientEvent.BundleHeld(bundle.Statement.Revision, bundle.ValidUntil));
    }
}
