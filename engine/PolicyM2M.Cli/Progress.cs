namespace PolicyM2M.Cli;

/// <summary>Tells somebody at a terminal what goes on, on one line that is gone at the end; a file or a pipe is told nothing.</summary>
internal sealed class Progress(Streams streams) : IDisposable
{
    private readonly bool _isSeen = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
    private int _written;

    public void Say(string what)
    {
        if (!_isSeen)
            return;
        string shown = Printable.Of(what);
        streams.Errors.Write($"\r{shown.PadRight(_written)}");
        _written = shown.Length;
    }

    public void Clear()
    {
        if (_written == 0)
            return;
        streams.Errors.Write($"\r{new string(' ', _written)}\r");
        _written = 0;
    }

    public void Dispose() => Clear();
}
