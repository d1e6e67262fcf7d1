using System.Text;

namespace PolicyM2M.Testing;

/// <summary>The two files of one snapshot.</summary>
internal sealed class SnapshotFiles(string folder, string name)
{
    /// <summary>The text that somebody reviewed and committed.</summary>
    public string Verified { get; } = Path.Combine(folder, $"{name}.verified.txt");

    /// <summary>What a test got instead; ignored by Git.</summary>
    public string Received { get; } = Path.Combine(folder, $"{name}.received.txt");

    /// <summary>The name of a snapshot; letters that a file name cannot hold become hyphens.</summary>
    public static string NameOf(string type, string method, string? scenario)
    {
        string name = scenario is null ? $"{type}.{method}" : $"{type}.{method}_{scenario}";
        return string.Concat(name.Select(c => char.IsLetterOrDigit(c) || "._-=+`".Contains(c) ? c : '-'));
    }

    /// <summary>Compares, and writes what <paramref name="mode"/> allows; null where the snapshot matches or was accepted.</summary>
    public string? Compare(string received, SnapshotMode mode)
    {
        received = received.ReplaceLineEndings("\n");
        string? verified = File.Exists(Verified) ? File.ReadAllText(Verified).ReplaceLineEndings("\n") : null;
        if (verified == received)
        {
            File.Delete(Received);
            return null;
        }

        if (mode == SnapshotMode.Accept)
        {
            Write(Verified, received);
            File.Delete(Received);
            return null;
        }

        if (mode == SnapshotMode.Compare)
            Write(Received, received);
        return Failure(verified, received, mode);
    }

    private string Failure(string? verified, string received, SnapshotMode mode)
    {
        string what = verified is null
            ? $"There is no verified text {Verified} yet. Received:"
            : $"What was received differs from {Verified} (- verified, + received):";
        string advice = mode switch
        {
            SnapshotMode.AcceptRefused => $"{Snapshot.AcceptVariable} is refused where CI is set: accept on a developer's machine and commit the file.",
            SnapshotMode.ReadOnly => "Nothing was written because CI is set.",
            _ => $"If it is right, run the test again with {Snapshot.AcceptVariable}=1, and commit the verified file.",
        };
        return $"{what}\n{LineDiff.Between(verified ?? "", received)}\n{advice}";
    }

    private static void Write(string path, string text) => File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
}
