using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Notes;

namespace PolicyM2M.Audit.Tests.Notes;

internal sealed class CheckpointTests
{
    // The example of C2SP tlog-checkpoint, without its signature.
    private const string Published = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    [Test]
    public void The_published_example_is_read_and_written_as_it_was()
    {
        Checkpoint? checkpoint = Checkpoint.Parse(Published);
        Assert.That(checkpoint, Is.Not.Null);
        Assert.That((checkpoint!.Origin, checkpoint.Size), Is.EqualTo(("example.com/behind-the-sofa", 20852163L)));
        Assert.That(checkpoint.Text, Is.EqualTo(Published));
    }

    [Test]
    public void A_log_without_records_has_a_checkpoint_too()
    {
        var empty = new Checkpoint("pdp.example/audit", 0, TreeHash.OfNothing);
        Assert.That(Checkpoint.Parse(empty.Text), Is.EqualTo(empty));
    }

    private static readonly string Root = Published.Split('\n')[2];

    private static IEnumerable<string> NoCheckpoints() =>
    [
        "", "\n", "\n\n\n", $"\n1\n{Root}\n", $"log\n01\n{Root}\n", $"log\n+1\n{Root}\n", $"log\n-1\n{Root}\n", $"log\n 1\n{Root}\n", $"log\n9223372036854775808\n{Root}\n",
        $"log\n1\n{Root}", $"log\n1\n{Root}\nextension\n", $"log\r\n1\r\n{Root}\r\n", "log\n1\nAAAA\n", "log\n1\nno base64!\n", $"log\n1\n {Root}\n", $"log\n1\n{Root[..^2]}J=\n",
        $"log\n1\n{Convert.ToBase64String(new byte[33])}\n", $"log\n1\n{Convert.ToBase64String(new byte[64])}\n",
    ];

    [TestCaseSource(nameof(NoCheckpoints))]
    public void What_would_not_be_written_so_is_no_checkpoint(string text) => Assert.That(Checkpoint.Parse(text), Is.Null);
}
