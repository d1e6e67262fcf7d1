using System.Collections.Immutable;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Tests.Bundles;
using PolicyM2M.Engine.Trees;

namespace PolicyM2M.Engine.Tests.Trees;

internal sealed class TreeShapeTests
{
    [Test]
    public void What_is_shared_counts_once_and_what_no_root_leads_to_not_at_all()
    {
        ImmutableArray<int> program =
        [
            Words.Header(NodeKind.Cases, 2), 1, 2, Words.Header(TestKind.AtLeast, 0), 5, 2, 0, // at 0
            Words.Header(NodeKind.Direct, 1), 0, 2, 0, ~3, // at 7
            Words.Header(NodeKind.Direct, 2), 0, 2, 7, 0, // at 12
            Words.Header(NodeKind.Direct, 1), 0, 2, ~1, ~2, // at 17: no root leads here
        ];
        var trees = new DecisionTrees(program, [], new AnswerTable([0], []), [12, ~0, ~1]);
        Assert.That(TreeShape.Of(trees), Is.EqualTo((3, 3, 2)));
    }

    [Test]
    public void A_bundle_tells_its_shape()
    {
        BundleStatistics statistics = Sample.Bundle.Describe();
        Assert.That((statistics.Nodes, statistics.Depth, statistics.Cases), Is.EqualTo(TreeShape.Of(Sample.Bundle.Trees)));
        Assert.That(statistics.Depth, Is.InRange(2, statistics.Nodes));
    }
}
