using System.Collections.Immutable;
using PolicyM2M.Emitters;

namespace PolicyM2M.Agent.Configuration;

/// <summary>A service of this machine whose TLS follows what is decided.</summary>
/// <param name="Name">What it is called in messages.</param>
/// <param name="Stack">What it is.</param>
/// <param name="Options">What its configuration needs besides the decision.</param>
/// <param name="Folder">Where its files are written; nobody else writes there.</param>
/// <param name="Changed">Makes the running service take files that changed.</param>
/// <param name="Refused">Ends the service where nothing may run: after a denial, or where its stack cannot do what is decided.</param>
internal sealed record ManagedService(string Name, StackKind Stack, EmitterOptions Options, string Folder, ServiceAction Changed, ServiceAction Refused);

/// <summary>What is done to a service.</summary>
internal abstract record ServiceAction
{
    private ServiceAction() { }

    /// <summary>A program is run; its exit code says whether it is done.</summary>
    /// <param name="Program">Its path.</param>
    /// <param name="Arguments">Its arguments, each passed as it is; no shell reads them.</param>
    public sealed record Command(string Program, ImmutableArray<string> Arguments) : ServiceAction;

    /// <summary>The service's process gets a signal.</summary>
    /// <param name="Number">Which one.</param>
    /// <param name="PidFile">The file with the number of the process.</param>
    public sealed record Signal(PosixSignalNumber Number, string PidFile) : ServiceAction;
}

/// <summary>The signals that services take for "read your files again", and for "end" (signal(7); the same numbers on x64 and arm64).</summary>
internal enum PosixSignalNumber
{
    /// <summary>Read the files again.</summary>
    Hup = 1,

    /// <summary>End.</summary>
    Term = 15,
}
