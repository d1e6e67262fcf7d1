using System.Runtime.InteropServices;
using PolicyM2M.Engine.Contexts;

namespace PolicyM2M.Enforcement.Attributes;

/// <summary>What the operating system says: <c>os.type</c>, <c>os.version</c>, <c>host.arch</c> and <c>boot.uptime</c>, in the words of the standard device schema (OpenTelemetry, LwM2M).</summary>
public sealed class OsFactsSource : IAttributeSource
{
    /// <inheritdoc/>
    public string Name => "operating system";

    /// <inheritdoc/>
    public ValueTask<DeviceContext> ReadAsync(IReadOnlySet<string>? needed, CancellationToken cancellation)
    {
        Version version = Environment.OSVersion.Version;
        return ValueTask.FromResult(DeviceContext.Empty
            .With("os.type", AttributeValue.Of(OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "other"))
            .With("os.version", AttributeValue.Of($"{version.Major}.{version.Minor}.{Math.Max(0, version.Build)}"))
            .With("host.arch", AttributeValue.Of(Architecture()))
            .With("boot.uptime", AttributeValue.Of($"{Environment.TickCount64 / 1000}s")));
    }

    /// <summary>As OpenTelemetry writes them.</summary>
    private static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "x86",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm or System.Runtime.InteropServices.Architecture.Armv6 => "arm32",
        var other => other.ToString().ToLowerInvariant(),
    };
}
