using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace PolicyM2M.Pdp.Tests;

/// <summary>
/// A collector that takes OTLP over gRPC, as far as it concerns who sends: it reads each frame, holds its payload against the wire format of protobuf, and keeps the texts in what it takes by the
/// service that it was sent to. The texts are where <c>opentelemetry-proto</c> has names and bodies.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<(string Service, string Text)> _texts = new();

    private OtlpReceiver(WebApplication server) => _server = server;

    /// <summary>The status that calls end with.</summary>
    public Grpc.Core.StatusCode Answers { get; set; }

    /// <summary>A message of more bytes is answered with RESOURCE_EXHAUSTED, as gRPC does it.</summary>
    public int LargestMessage { get; set; } = int.MaxValue;

    /// <summary>A message with this text is answered with INVALID_ARGUMENT.</summary>
    public string? Refuses { get; set; }

    /// <summary>How many messages came, and how large the largest was that was taken.</summary>
    public (int Count, int Largest) Messages { get; private set; }

    public Uri Address => new(_server.Urls.Single());

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var receiver = new OtlpReceiver(builder.Build());
        receiver._server.Run(receiver.Take);
        await receiver._server.StartAsync();
        return receiver;
    }

    /// <summary>The texts sent to one of the services <c>metrics</c>, <c>trace</c> and <c>logs</c>.</summary>
    public IEnumerable<string> Texts(string service) => _texts.Where(text => text.Service == service).Select(text => text.Text);

    /// <summary>Forgets what was sent so far.</summary>
    public void Forget() => _texts.Clear();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task Take(HttpContext context)
    {
        // /opentelemetry.proto.collector.metrics.v1.MetricsService/Export
        string service = context.Request.Path.Value!.Split('.')[3];
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        byte[] frame = body.ToArray();
        if (frame[0] != 0 || BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1)) != frame.Length - 5)
            throw new InvalidDataException("no frame of gRPC, or a compressed one");
        List<string> texts = TextsOf(frame[5..]);
        Grpc.Core.StatusCode answer = frame.Length - 5 > LargestMessage ? Grpc.Core.StatusCode.ResourceExhausted : Refuses is { } no && texts.Contains(no) ? Grpc.Core.StatusCode.InvalidArgument : Answers;
        if (answer == Grpc.Core.StatusCode.OK)
            texts.ForEach(text => _texts.Enqueue((service, text)));
        Messages = (Messages.Count + 1, answer == Grpc.Core.StatusCode.OK ? Math.Max(Messages.Largest, frame.Length - 5) : Messages.Largest);
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", ((int)answer).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Every field that is a text, at any depth: what can be read as a message is one.</summary>
    private static List<string> TextsOf(byte[] message)
    {
        List<string> texts = [];
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagWireType(tag) != WireFormat.WireType.LengthDelimited)
            {
                input.SkipLastField();
                continue;
            }
            ByteString field = input.ReadBytes();
            texts.Add(field.ToStringUtf8());
            try
            {
                texts.AddRange(TextsOf(field.ToByteArray()));
            }
            catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidOperationException)
            {
                // It was a text.
            }
        }
        return texts;
    }
}
