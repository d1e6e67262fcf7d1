namespace PolicyM2M.Solution.Tests;

/// <summary>What a project may stand on.</summary>
/// <param name="Projects">The projects it may reference.</param>
/// <param name="Packages">The packages it may reference itself.</param>
internal sealed record Floor(string[] Projects, string[] Packages);

/// <summary>
/// The floor plan of the design as a table: who may stand on whom. A project that is not in it does not belong in the
/// solution. To add an arrow, add it here, and say in the commit why it points down.
/// </summary>
internal static class FloorPlan
{
    public const string Engine = "PolicyM2M.Engine";
    public const string X509 = "PolicyM2M.X509";
    public const string Compiler = "PolicyM2M.Compiler";
    public const string Store = "PolicyM2M.Store";
    public const string Cli = "PolicyM2M.Cli";
    public const string Wire = "PolicyM2M.Wire";
    public const string Registry = "PolicyM2M.Registry";
    public const string Audit = "PolicyM2M.Audit";
    public const string Pdp = "PolicyM2M.Pdp";
    public const string Enforcement = "PolicyM2M.Enforcement";
    public const string Emitters = "PolicyM2M.Emitters";
    public const string Kestrel = "PolicyM2M.Enforcement.Kestrel";
    public const string Mqtt = "PolicyM2M.Enforcement.Mqtt";
    public const string Pkcs11 = "PolicyM2M.Enforcement.Pkcs11";
    public const string Agent = "PolicyM2M.Agent";
    public const string Device = "PolicyM2M.Device";
    public const string Testing = "PolicyM2M.Testing";
    public const string Benchmarks = "PolicyM2M.Benchmarks";

    /// <summary>Packages that every project may have: they leave nothing behind in what is shipped.</summary>
    public static readonly string[] Everywhere = ["Microsoft.CodeAnalysis.BannedApiAnalyzers"];

    /// <summary>Packages that every test project has.</summary>
    public static readonly string[] InTests = ["Microsoft.NET.Test.Sdk", "NUnit", "NUnit3TestAdapter", "NUnit.Analyzers"];

    /// <summary>What is shipped.</summary>
    public static readonly IReadOnlyDictionary<string, Floor> Products = new Dictionary<string, Floor>
    {
        [Engine] = new([], []),
        [X509] = new([], []),
        [Compiler] = new([Engine], ["Superpower", "YamlDotNet"]),
        [Store] = new([Engine, Compiler], ["LibGit2Sharp"]),
        // It writes what authors ask to see, and needs nothing but the outcome: below everything that decides or asks.
        [Emitters] = new([Engine], []),
        [Cli] = new([Engine, Compiler, Store, Wire, Audit, Emitters], ["Google.Protobuf", "Grpc.Net.Client", "System.CommandLine"]),
        // Device ids are segments of SPIFFE IDs.
        [Wire] = new([Engine, X509], ["Google.Protobuf", "Grpc.Core.Api", "Grpc.Tools"]),
        [Registry] = new([Engine], ["Microsoft.Data.Sqlite", "Npgsql"]),
        [Audit] = new([], []),
        [Pdp] = new([Engine, X509, Compiler, Store, Wire, Registry, Audit],
            ["Grpc.AspNetCore", "Grpc.AspNetCore.HealthChecks", "Grpc.AspNetCore.Server.Reflection",
                "OpenTelemetry.Exporter.OpenTelemetryProtocol", "OpenTelemetry.Extensions.Hosting", "System.CommandLine", "YamlDotNet"]),
        [Enforcement] = new([Engine, X509, Wire], ["Google.Protobuf", "Grpc.Net.Client"]),
        [Kestrel] = new([Engine, Enforcement], []),
        [Mqtt] = new([Engine, Enforcement], ["MQTTnet"]),
        // Apart from the SDK, so that only who has a token carries the package.
        [Pkcs11] = new([Enforcement], ["Pkcs11Interop"]),
        [Agent] = new([Engine, Wire, Enforcement, Emitters], ["System.CommandLine"]),
    };

    /// <summary>What stands beside the products: it may reference any of them, but these packages only.</summary>
    public static readonly IReadOnlyDictionary<string, Floor> Workshop = new Dictionary<string, Floor>
    {
        [Testing] = new([Engine, Compiler], ["NUnit"]),
        // The program of docs/sdk.md: it has what somebody else's would have.
        [Device] = new([Mqtt], ["MQTTnet"]),
        [Benchmarks] = new([.. Products.Keys], ["BenchmarkDotNet", "Grpc.AspNetCore", "Grpc.Net.Client"]),
    };

    /// <summary>
    /// What a test project may stand on: any product, and real counterparts for what it tests: a client for the server, a server for
    /// the client. What measures the products is tested too: a benchmark of a wrong answer says nothing. The agent's tests start it for its workload, and
    /// the program of a page.
    /// </summary>
    public static Floor OfTests(string project) => new([Testing, .. Products.Keys, .. project is $"{Benchmarks}.Tests" or $"{Agent}.Tests" ? new[] { Benchmarks, Device } : []], [.. InTests, .. project switch
    {
        "PolicyM2M.Pdp.Tests" => ["Grpc.Net.Client"],
        "PolicyM2M.Compiler.Tests" => ["NJsonSchema", "YamlDotNet"],
        "PolicyM2M.Enforcement.Tests" or "PolicyM2M.Agent.Tests" => ["Grpc.AspNetCore"],
        _ => Array.Empty<string>(),
    }]);

    /// <summary>
    /// Assemblies that must be named nowhere but in these projects, whatever way they came: a project also sees the packages
    /// of the projects below it. A name stands for all assemblies that begin with it.
    /// </summary>
    public static readonly (string Assembly, string[] Projects)[] Confined =
    [
        ("Superpower", [Compiler]),
        ("YamlDotNet", [Compiler, Pdp]),
        ("LibGit2Sharp", [Store]),
        ("Microsoft.Data.Sqlite", [Registry]),
        ("SQLitePCLRaw", [Registry]),
        ("Npgsql", [Registry]),
        ("Google.Protobuf", [Cli, Wire, Pdp, Enforcement, Agent]),
        ("Grpc.", [Cli, Wire, Pdp, Enforcement, Agent]),
        ("Microsoft.AspNetCore", [Pdp, Kestrel, Agent]),
        ("Microsoft.Extensions", [Pdp, Kestrel, Agent]),
        ("MQTTnet", [Mqtt]),
        ("OpenTelemetry", [Pdp]),
        ("Pkcs11Interop", [Pkcs11]),
        ("System.CommandLine", [Cli, Pdp, Agent]),
        // `System.Net.Primitives` is not among them: it knows what an address is, and reaches nobody.
        ("System.Net.Sockets", [Pdp, Enforcement, Mqtt, Agent]),
        ("System.Net.Security", [Cli, Pdp, Enforcement, Kestrel, Mqtt, Agent]),
        ("System.Net.Http", [Cli, Pdp, Enforcement, Agent]),
        ("System.Net.NameResolution", [Pdp, Enforcement, Agent]),
    ];
}
