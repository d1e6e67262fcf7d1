using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PolicyM2M.Enforcement.Tls.Witness;

/// <summary>Takes the handshake messages of one end out of its records (RFC 8446, section 5.1), until what it says is encrypted or is none of TLS.</summary>
/// <param name="said">Hears each message: its type and body.</param>
/// <param name="isEncryptedAfterChange">Hears that ciphers changed; whether what follows is encrypted.</param>
internal sealed class RecordReader(RecordReader.Message said, Func<bool> isEncryptedAfterChange)
{
    /// <summary>A handshake whose open part is longer than this is nobody's: TLS stacks take chains of 100 KiB at most.</summary>
    private const int Longest = 256 * 1024;

    private readonly List<byte> _records = [], _messages = [];
    private int _taken;
    private bool _isOver;

    public delegate void Message(byte type, ReadOnlySpan<byte> body);

    /// <summary>What an alert in the open said; null where there was none.</summary>
    public byte? Alert { get; private set; }

    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (_isOver)
            return;
        _taken += bytes.Length;
        _records.AddRange(bytes);
        try
        {
            while (!_isOver && TryTakeRecord()) { }
        }
        catch (FormatException)
        {
            // The TLS stack is the judge of what is malformed; what was not understood here was not seen, and is refused where it matters.
            End();
        }
        if (_taken > Longest)
            End();
    }

    private bool TryTakeRecord()
    {
        ReadOnlySpan<byte> all = CollectionsMarshal.AsSpan(_records);
        if (all.Length < TlsWire.RecordHeaderLength)
            return false;
        byte type = all[0];
        int length = BinaryPrimitives.ReadUInt16BigEndian(all[3..]);
        if (all.Length < TlsWire.RecordHeaderLength + length)
            return false;
        ReadOnlySpan<byte> content = all.Slice(TlsWire.RecordHeaderLength, length);
        if (type == TlsWire.Handshake)
        {
            _messages.AddRange(content);
            TakeMessages();
        }
        else if (type == TlsWire.Alert && length == 2)
            Alert = content[1];
        else if (type != TlsWire.ChangeCipherSpec || isEncryptedAfterChange())
            End();
        if (!_isOver)
            _records.RemoveRange(0, TlsWire.RecordHeaderLength + length);
        return true;
    }

    private void TakeMessages()
    {
        ReadOnlySpan<byte> all = CollectionsMarshal.AsSpan(_messages);
        int at = 0;
        while (all.Length - at >= TlsWire.MessageHeaderLength)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(all[at..]) & 0xFFFFFF;
            if (all.Length - at - TlsWire.MessageHeaderLength < length)
                break;
            said(all[at], all.Slice(at + TlsWire.MessageHeaderLength, length));
            at += TlsWire.MessageHeaderLength + length;
        }
        _messages.RemoveRange(0, at);
    }

    private void End()
    {
        _isOver = true;
        _records.Clear();
        _messages.Clear();
    }
}
