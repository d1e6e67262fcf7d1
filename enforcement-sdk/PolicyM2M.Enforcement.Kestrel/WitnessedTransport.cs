using System.IO.Pipelines;
using PolicyM2M.Enforcement.Tls.Witness;

namespace PolicyM2M.Enforcement.Kestrel;

/// <summary>A connection's bytes under its TLS, listened to. They pass unchanged.</summary>
/// <param name="inner">The connection.</param>
/// <param name="witness">Hears what passes.</param>
internal sealed class WitnessedTransport(IDuplexPipe inner, HandshakeWitness witness) : IDuplexPipe
{
    public PipeReader Input { get; } = new WitnessedReader(inner.Input, witness);

    public PipeWriter Output { get; } = new WitnessedWriter(inner.Output, witness);
}
