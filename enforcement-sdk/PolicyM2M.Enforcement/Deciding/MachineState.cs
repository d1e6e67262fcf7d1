using System.Runtime.InteropServices;

namespace PolicyM2M.Enforcement.Deciding;

/// <summary>What a machine says of its clock besides the time. One without a battery begins, after each start, wherever it stood when it was shut down.</summary>
/// <param name="BootId">Names this start of the machine; null where the system names none.</param>
/// <param name="IsClockSynchronised">Whether the kernel says that somebody who knows the time set the clock since the start.</param>
internal sealed partial record MachineState(string? BootId, Func<bool> IsClockSynchronised)
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>TIME_ERROR: the clock is not synchronised.</summary>
    private const int Unsynchronised = 5;

    /// <summary>More than <c>struct timex</c> has on any machine.</summary>
    private const int TimexBytes = 512;

    /// <summary>This machine. Only Linux tells: elsewhere each start of a process is taken for one of the machine.</summary>
    public static MachineState Own { get; } = new(ReadBootId(), IsSynchronised);

    private static string? ReadBootId()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.ReadAllText(BootIdPath).Trim() : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Asks without setting anything (adjtimex(2) with no modes), which everybody may.</summary>
    private static bool IsSynchronised() => OperatingSystem.IsLinux() && AdjustTime(new byte[TimexBytes]) is >= 0 and < Unsynchronised;

    [LibraryImport("libc", EntryPoint = "adjtimex")]
    private static partial int AdjustTime(Span<byte> timex);
}
