namespace PolicyM2M.Enforcement.Tls.Witness;

/// <summary>
/// What both ends said in the open part of a handshake. .NET does not tell which group and which signature were used, nor whether a session was resumed; on the wire it is plain
/// to see. What is seen is held to the decision once the handshake is done, and by then both ends have vouched for every byte of it (RFC 8446, section 4.4.4). Belongs
/// to one handshake, whose steps come one after the other.
/// </summary>
internal sealed class HandshakeWitness
{
    private readonly RecordReader _client, _server;
    private bool _serverIsDone;

    public HandshakeWitness()
    {
        _client = new RecordReader(ClientSaid, () => Server?.Version <= TlsWire.Tls12);
        _server = new RecordReader(ServerSaid, ServerChangedCiphers);
    }

    /// <summary>The client's first offer.</summary>
    public ClientHello? Client { get; private set; }

    /// <summary>What the server chose.</summary>
    public ServerHello? Server { get; private set; }

    /// <summary>The group, by code point; null where none was seen.</summary>
    public ushort? Group { get; private set; }

    /// <summary>The scheme of the server's signature, by code point; null where it was hidden (TLS 1.3) or not made.</summary>
    public ushort? ServerSignature { get; private set; }

    /// <summary>The scheme of the client's signature, by code point; null where it was hidden (TLS 1.3) or not made.</summary>
    public ushort? ClientSignature { get; private set; }

    /// <summary>Whether the handshake went on from an earlier session.</summary>
    public bool IsResumed { get; private set; }

    /// <summary>The alert by which the server ended the handshake in the open; null where it did not.</summary>
    public byte? ServerAlert => _server.Alert;

    /// <summary>Bytes from the client.</summary>
    public void FromClient(ReadOnlySpan<byte> bytes) => _client.Take(bytes);

    /// <summary>Bytes from the server.</summary>
    public void FromServer(ReadOnlySpan<byte> bytes) => _server.Take(bytes);

    private void ClientSaid(byte type, ReadOnlySpan<byte> body)
    {
        if (type == TlsWire.ClientHello)
            Client ??= ClientHello.Read(body);
        else if (type == TlsWire.CertificateVerify)
            ClientSignature = new WireReader(body).Number();
    }

    private void ServerSaid(byte type, ReadOnlySpan<byte> body)
    {
        if (type == TlsWire.ServerHello && ServerHello.Read(body) is { AsksAgain: false } hello)
        {
            Server = hello;
            Group = hello.Group;
            IsResumed = hello.IsByPreSharedKey;
        }
        else if (type == TlsWire.ServerKeyExchange)
            KeyExchange(body);
        _serverIsDone |= type == TlsWire.ServerHelloDone;
    }

    /// <summary>RFC 8422, section 5.4: the curve, the key, and what signed them. Key exchanges of other kinds have no group that a policy could name.</summary>
    private void KeyExchange(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        if (reader.Byte() != TlsWire.NamedCurve)
            return;
        Group = reader.Number();
        reader.ShortVector();
        // An anonymous exchange is not signed.
        if (reader.HasMore)
            ServerSignature = reader.Number();
    }

    /// <summary>
    /// In TLS 1.2 a server that changes ciphers before it is done with its own part goes on from an earlier session (RFC 5246, figure 2). In TLS 1.3
    /// the message says nothing.
    /// </summary>
    private bool ServerChangedCiphers()
    {
        if (Server is not { Version: <= TlsWire.Tls12 })
            return false;
        IsResumed |= !_serverIsDone;
        return true;
    }
}
