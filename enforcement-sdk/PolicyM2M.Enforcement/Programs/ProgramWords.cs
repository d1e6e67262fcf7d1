using System.Text;

namespace PolicyM2M.Enforcement.Programs;

/// <summary>What a program says on one stream, as far as it was heard. Its buffer is under one lock.</summary>
/// <param name="stream">The stream.</param>
/// <param name="limit">How many bytes it may say.</param>
/// <param name="keepsTail">Whether of more than that the last is kept, and is no failure.</param>
internal sealed class ProgramWords(Stream stream, int limit, bool keepsTail) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly MemoryStream _heard = new();
    private readonly TaskCompletionSource _tooMuch = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fails where it said more than it may; otherwise it never completes.</summary>
    public Task TooMuch => _tooMuch.Task;

    /// <summary>What was heard.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(_heard.GetBuffer(), 0, (int)_heard.Length);
        }
    }

    /// <summary>Hears it to the end of the stream, or until it was too much.</summary>
    public async Task ReadAsync(CancellationToken ending)
    {
        byte[] block = new byte[4096];
        try
        {
            for (int read; (read = await stream.ReadAsync(block, ending).ConfigureAwait(false)) > 0;)
            {
                if (!Take(block.AsSpan(0, read)))
                    return;
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // Nothing more is to be heard.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _heard.Dispose();

    private bool Take(ReadOnlySpan<byte> words)
    {
        lock (_lock)
        {
            if (!_heard.CanWrite)
                return false;
            _heard.Write(words);
            if (_heard.Length <= limit)
                return true;
            if (!keepsTail)
            {
                _tooMuch.TrySetException(new ProgramFailedException($"printed more than {limit} bytes"));
                return false;
            }
            byte[] tail = _heard.GetBuffer()[(int)(_heard.Length - limit)..(int)_heard.Length];
            _heard.SetLength(0);
            _heard.Write(tail);
            return true;
        }
    }
}
