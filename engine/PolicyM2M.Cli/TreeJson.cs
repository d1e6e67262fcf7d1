using PolicyM2M.Engine;
using PolicyM2M.Engine.Bundles;
using PolicyM2M.Engine.Vocabulary;

namespace PolicyM2M.Cli;

/// <summary>Trees as data: <c>m2m tree policies --json</c>. A node leads to others by their places in the list; whatever its depth, all of it is there.</summary>
internal static class TreeJson
{
    public static string Of(Bundle bundle, IEnumerable<TreePicture> pictures) => Json.Write(indented: true, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", bundle.Name);
        writer.WriteString("bundle", bundle.Hash);
        writer.WriteStartArray("trees");
        foreach (TreePicture picture in pictures)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", picture.Kind.Name());
            writer.WriteStartArray("nodes");
            foreach (TreePictureNode node in picture.Nodes)
            {
                writer.WriteStartObject();
                writer.WriteString("form", node.Form.ToString().ToLowerInvariant());
                writer.WriteStartArray("edges");
                foreach (TreePictureEdge edge in node.Edges)
                {
                    writer.WriteStartObject();
                    writer.WriteString("label", edge.Label);
                    writer.WriteNumber("node", edge.Node);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteString("deny", node.Denial);
                writer.WriteStartArray("rules");
                foreach (Rule rule in node.Rules)
                    AnswerJson.Write(writer, rule);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
