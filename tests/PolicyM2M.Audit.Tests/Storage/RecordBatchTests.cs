using System.Buffers;
using PolicyM2M.Audit.Merkle;
using PolicyM2M.Audit.Storage;

namespace PolicyM2M.Audit.Tests.Storage;

internal sealed class RecordBatchTests
{
    [Test]
    public void A_record_that_fails_leaves_nothing_behind()
    {
        var batch = new RecordBatch();
        batch.Add((byte)1, static (value, writer) => writer.Write((ReadOnlySpan<byte>)[value, value]));
        Assert.That(() => batch.Add(0, static (_, writer) => { writer.Write((ReadOnlySpan<byte>)[7, 7, 7]); throw new FormatException(); }), Throws.TypeOf<FormatException>());
        Assert.That(() => batch.Add(EntryBundle.LongestEntry + 1, static (length, writer) => writer.Write(new byte[length])), Throws.InvalidOperationException);
        batch.Add((byte)2, static (value, writer) => writer.Write((ReadOnlySpan<byte>)[value]));

        Assert.That(batch.Count, Is.EqualTo(2));
        Assert.That(batch[0].ToArray(), Is.EqualTo(new byte[] { 1, 1 }));
        Assert.That(batch[1].ToArray(), Is.EqualTo(new byte[] { 2 }));
        Assert.That(batch.LeafOf(1), Is.EqualTo(TreeHash.OfLeaf([2])));
    }

    [Test]
    public void What_is_written_is_read_again_also_from_a_batch_that_was_used_before([Values(0, 1, 300)] int count)
    {
        var random = new Random(count);
        byte[][] records = [.. Enumerable.Range(0, count).Select(_ => { byte[] record = new byte[random.Next(0, 3_000)]; random.NextBytes(record); return record; })];
        RecordBatch batch = RecordBatch.Of([[1, 2, 3], [4]]);
        batch.Clear();
        foreach (byte[] record in records)
            batch.Add(record, static (record, writer) => writer.Write(record));

        Assert.That(RecordBatch.Read(batch.Bytes.ToArray(), out int whole).Select(read => Convert.ToHexString(read.Entry)), Is.EqualTo(records.Select(Convert.ToHexString)));
        Assert.That(whole, Is.EqualTo(batch.Bytes.Length));
    }

    [Test]
    public void A_journal_that_broke_off_is_read_up_to_its_last_whole_record([Range(1, 15)] int cut)
    {
        RecordBatch batch = RecordBatch.Of([[1, 2, 3], [4, 5, 6, 7, 8]]);
        List<(byte[] Entry, TreeHash Leaf)> read = RecordBatch.Read(batch.Bytes[..^cut].ToArray(), out int whole);
        Assert.That(read.Select(record => record.Entry), Is.EqualTo(new byte[][] { [1, 2, 3] }));
        Assert.That(whole, Is.EqualTo(RecordBatch.HeadLength + 3));
    }
}
