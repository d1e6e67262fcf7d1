using System.Collections.Immutable;
using PolicyM2M.Emitters;

namespace PolicyM2M.Agent.Configuration;

/// <summary>A service of this machine whose TLS follows what is decided.</summary>
/// <param name="Name">What it is called in messages.</param>
/// <param name="Stack">What it is.</param>
/// <param name="Options">What its configuration needs besides the decision.</param>
/// <param name="Folder">Where its files are written; nobody else writes there.</param>
/// <param name="Changed">Makes the running service take files that changed.</param>
/// <param name="Refused">Ends the service where nothing may run: after a denial, or where its stack cannot do what is decided. Run again and again while that is so.</param>
internal sealed record ManagedService(string Name, StackKind Stack, EmitterOptions Options, string Folder, ServiceCommand Changed, ServiceCommand Refused);

/// <summary>What is done to a service: a program is run, and its exit code says whether it is done.</summary>
/// <param name="Program">Its path.</param>
/// <param name="Arguments">Its arguments, each passed as it is; no shell reads them.</param>
internal sealed record ServiceCommand(string Program, ImmutableArray<string> Arguments);
