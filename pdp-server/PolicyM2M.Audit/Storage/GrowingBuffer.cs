using System.Buffers;

namespace PolicyM2M.Audit.Storage;

/// <summary>
/// Bytes that are written one after the other, and of which the last can be taken back. It is used again and again: what a log of tens of thousands of records a second left of each would be collected only when it
/// had grown old, with much that stays. Nothing in it is safe for two threads.
/// </summary>
/// <param name="mostKept">One that was larger for once is not kept.</param>
internal sealed class GrowingBuffer(int mostKept) : IBufferWriter<byte>
{
    private byte[] _bytes = [];

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>A part of what was written, to be written anew.</summary>
    public Span<byte> this[Range range] => _bytes.AsSpan(0, Length)[range];

    /// <summary>Takes back what is beyond a length.</summary>
    public void Cut(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
        if (length == 0 && _bytes.Length > mostKept)
            _bytes = [];
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - Length);
        Length += count;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = checked(Length + Math.Max(1, sizeHint));
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Max(needed, Math.Min(2L * _bytes.Length, Array.MaxLength)));
        return _bytes.AsMemory(Length);
    }
}
