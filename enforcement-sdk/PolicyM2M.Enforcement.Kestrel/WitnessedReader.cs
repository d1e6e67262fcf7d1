using System.Buffers;
using System.IO.Pipelines;
using PolicyM2M.Enforcement.Tls.Witness;

namespace PolicyM2M.Enforcement.Kestrel;

/// <summary>Reads from the client, and lets the witness hear what is consumed: what is only looked at comes again.</summary>
internal sealed class WitnessedReader(PipeReader inner, HandshakeWitness witness) : PipeReader
{
    private ReadOnlySequence<byte> _read;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ReadResult result = await inner.ReadAsync(cancellationToken);
        _read = result.Buffer;
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        bool isRead = inner.TryRead(out result);
        if (isRead)
            _read = result.Buffer;
        return isRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        foreach (ReadOnlyMemory<byte> part in _read.Slice(0, consumed))
            witness.FromClient(part.Span);
        _read = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
}
