using PolicyM2M.Audit.Merkle;

namespace PolicyM2M.Audit.Tests.Merkle;

/// <summary>Every proof of every tree up to a size that has all shapes of six levels: it verifies, and nothing beside it does.</summary>
internal sealed class ProofProperties
{
    private const int Largest = 40;

    /// <summary>A size of more levels than any tree here has: a proof for one of them is too short for it, whatever it says.</summary>
    private const int TooHigh = 256;

    private static readonly SampleTree Tree = new([.. Enumerable.Range(0, Largest + 1).Select(i => new[] { (byte)i })]);

    [Test]
    public void The_frontier_has_the_root_that_the_definition_gives()
    {
        var frontier = new Frontier();
        for (int size = 0; size <= Largest; size++)
        {
            Assert.That(frontier.Size, Is.EqualTo(size));
            Assert.That(frontier.Root, Is.EqualTo(Tree.Root(size)));
            frontier.Append(Tree.Leaf(size));
        }
    }

    [Test]
    public void The_root_over_whole_subtrees_is_that_of_the_frontier_of_the_shorter_log()
    {
        var frontier = new Frontier();
        List<TreeHash> roots = [];
        for (int size = 0; size <= 1_100; size++)
        {
            roots.Add(frontier.Root);
            for (int height = 0; height <= 11; height++)
                Assert.That(frontier.RootOfWhole(height), Is.EqualTo(roots[size >> height << height]), $"{size} of height {height}");
            frontier.Append(TreeHash.OfLeaf(BitConverter.GetBytes(size)));
        }
    }

    [Test]
    public void Every_record_is_proven_at_its_place_and_at_no_other()
    {
        for (int size = 1; size <= Largest; size++)
        {
            TreeHash root = Tree.Root(size);
            for (int index = 0; index < size; index++)
            {
                IReadOnlyList<TreeHash> proof = TreeProof.Inclusion(index, size, Tree.WholeSubtree);
                Assert.That(TreeVerification.Includes(root, size, index, Tree.Leaf(index), proof), $"{index} of {size}");
                Assert.That(TreeVerification.Includes(root, size, index, Tree.Leaf(index + 1), proof), Is.False, $"another record as {index} of {size}");
                Assert.That(TreeVerification.Includes(root, size, index + 1, Tree.Leaf(index), proof), Is.False, $"{index} as the next of {size}");
                Assert.That(TreeVerification.Includes(root, TooHigh, index, Tree.Leaf(index), proof), Is.False, $"{index} of {size}, said to be of {TooHigh}");
                Assert.That(TreeVerification.Includes(root, size, -1, Tree.Leaf(index), proof), Is.False);
                foreach (IReadOnlyList<TreeHash> spoiled in Spoiled(proof))
                    Assert.That(TreeVerification.Includes(root, size, index, Tree.Leaf(index), spoiled), Is.False, $"a spoiled proof of {index} of {size}");
            }
        }
    }

    [Test]
    public void Every_growth_is_proven_and_no_other_past_is()
    {
        for (int size = 1; size <= Largest; size++)
        {
            for (int earlier = 0; earlier <= size; earlier++)
            {
                IReadOnlyList<TreeHash> proof = TreeProof.Consistency(earlier, size, Tree.WholeSubtree);
                Assert.That(TreeVerification.GrewOutOf(Tree.Root(earlier), earlier, Tree.Root(size), size, proof), $"{earlier} to {size}");
                Assert.That(TreeVerification.GrewOutOf(Tree.Leaf(Largest), earlier, Tree.Root(size), size, proof), Is.False, $"another past of {earlier} to {size}");
                if (earlier > 0)
                    Assert.That(TreeVerification.GrewOutOf(Tree.Root(earlier), earlier, Tree.Root(size), TooHigh, proof), Is.False, $"{earlier} to {size}, said to be {TooHigh}");
                if (earlier > 0)
                    Assert.That(TreeVerification.GrewOutOf(Tree.Root(earlier), earlier, Tree.Leaf(Largest), size, proof), Is.False, $"{earlier} to another {size}");
                foreach (IReadOnlyList<TreeHash> spoiled in Spoiled(proof))
                    Assert.That(TreeVerification.GrewOutOf(Tree.Root(earlier), earlier, Tree.Root(size), size, spoiled), Is.False, $"a spoiled proof of {earlier} to {size}");
            }
        }
    }

    [Test]
    public void A_tree_that_shrank_did_not_grow() => Assert.That(TreeVerification.GrewOutOf(Tree.Root(5), 5, Tree.Root(4), 4, []), Is.False);

    /// <summary>One hash more, one less, and each of them changed.</summary>
    private static IEnumerable<IReadOnlyList<TreeHash>> Spoiled(IReadOnlyList<TreeHash> proof)
    {
        yield return [.. proof, Tree.Leaf(Largest)];
        yield return [Tree.Leaf(Largest), .. proof];
        if (proof.Count > 0)
            yield return [.. proof.Take(proof.Count - 1)];
        for (int i = 0; i < proof.Count; i++)
            yield return [.. proof.Take(i), Tree.Leaf(Largest), .. proof.Skip(i + 1)];
    }
}
