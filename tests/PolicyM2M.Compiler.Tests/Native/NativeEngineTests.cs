using System.Runtime.InteropServices;
using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Contexts;
using PolicyM2M.Engine.Regions;
using PolicyM2M.Engine.Vocabulary;
using PolicyM2M.Testing;

namespace PolicyM2M.Compiler.Tests.Native;

/// <summary>The engine as machine code, compiled ahead of time and trimmed: it decides as it does here, and nothing in it needs a runtime compiler.</summary>
internal sealed class NativeEngineTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void The_engine_decides_the_same_as_machine_code()
    {
        // The linker comes with the compiler, and links zlib.
        new RequiredProgram("gcc", "gcc libc6-dev zlib1g-dev").Require();
        using var folder = new TemporaryFolder();
        folder.Write("decide.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <PublishAot>true</PublishAot>
                <CppCompilerAndLinker>gcc</CppCompilerAndLinker>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{typeof(Decider).Assembly.Location}" />
                <TrimmerRootAssembly Include="PolicyM2M.Engine" />
              </ItemGroup>
            </Project>
            """);
        folder.Write("decide.cs", File.ReadAllText(Path.Combine(ProjectFolder.Of(typeof(NativeEngineTests).Assembly), "Native", "decide.cs.txt")));
        byte[] bytes = PolicyCompiler.Compile(Repository.Sources(Path.Combine(Repository.Root, "policies"))).Bytes.ToArray();
        File.WriteAllBytes(folder["policies.m2mb"], bytes);
        string[] contexts = [.. Directory.GetFiles(Path.Combine(Repository.Root, "policies", "examples"), "*.json").Order(StringComparer.Ordinal)];

        FinishedProcess.Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["publish", "decide.csproj", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-o", "out", "--nologo", "-v", "q"], folder.Path, "").Succeeded();
        FinishedProcess run = FinishedProcess.Run(folder["out/decide"], [folder["policies.m2mb"], $"{Now.ToUnixTimeSeconds()}", .. contexts], folder.Path, "").Succeeded();

        Assert.That(File.Exists(folder["out/decide.dll"]), Is.False, "it is machine code");
        Assert.That(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(Here(bytes, contexts)));
    }

    private static IEnumerable<string> Here(byte[] bytes, string[] contexts)
    {
        var decider = new Decider(Bundle.Read(bytes));
        foreach (string file in contexts)
        {
            Assert.That(DeviceContext.TryParseJson(File.ReadAllText(file), out DeviceContext? context, out _), Is.True);
            PreparedContext prepared = decider.Prepare(context!);
            foreach (DecisionKind kind in DecisionKinds.All)
            {
                var path = new DecisionPath();
                Decision decision = decider.Decide(kind, prepared, Now, path);
                yield return $"{Path.GetFileName(file)} {kind.Name()} {decision.Outcome} by {string.Join(", ", decision.Rules)} where {path.Region()}";
            }
        }
    }
}
