using System.Globalization;
using PolicyM2M.Enforcement.Storing;

namespace PolicyM2M.Enforcement.Tests;

/// <summary>A process that does nothing but write the store, as fast as it can, until it is killed. It prints the number of each content once that is on disk.</summary>
internal static class StoringProcess
{
    public const string Command = "store-until-killed";

    public static StoreFile File(string folder) => new(Path.Combine(folder, "store"), "decisions", "spiffe://test.example/device/plc-1", new StoreKeyFile(Path.Combine(folder, "key")).Read(), 1 << 20);

    /// <summary>A content that says its number, and is of other lengths than those beside it.</summary>
    public static StoreContent Content(long number) => StoreContent.Empty with { LatestSeen = DateTimeOffset.UnixEpoch.AddSeconds(number), NeededAttributes = [new string('x', (int)(number * 7919 % 20_000) + 1)] };

    public static int Run(string folder)
    {
        StoreFile file = File(folder);
        for (long number = Number(file.Load(StoreFormat.Read, out _)) + 1; ; number++)
        {
            file.Save(StoreFormat.Write(Content(number)).Span);
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrote {number}"));
        }
    }

    public static long Number(StoreContent? content) => content?.LatestSeen.ToUnixTimeSeconds() ?? 0;
}
