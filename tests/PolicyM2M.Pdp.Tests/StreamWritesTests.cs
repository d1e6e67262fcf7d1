using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using PolicyM2M.Pdp.Rest;
using PolicyM2M.Pdp.Services;

namespace PolicyM2M.Pdp.Tests;

/// <summary>
/// Writes to readers that do not keep up, and how they are given up. Over a real connection gRPC and the web server both reset the stream of a write that a token ends, and which of them comes first is for the
/// machine's load to say: so what they are told is looked at here.
/// </summary>
[TestFixture]
internal sealed class StreamWritesTests
{
    [Test]
    public async Task What_is_given_up_is_reset_once_with_CANCEL_and_by_nobody_else()
    {
        var reader = new StalledStream();
        using var ending = new CancellationTokenSource();
        Task writing = reader.WriteAsync("news", Call(reader), ending.Token);
        Assert.That((writing.IsCompleted, reader.IsEndedByToken, reader.Resets.Count), Is.EqualTo((false, false, 0)), "the write knows no token by which somebody else would end it");

        await ending.CancelAsync();
        await Assert.ThatAsync(() => writing, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(reader.Resets, Is.EqualTo(new[] { 8 }), "CANCEL of RFC 9113, section 7");
    }

    [Test]
    public async Task What_is_taken_in_time_is_not_reset_and_a_write_after_the_end_is_none()
    {
        var reader = new StalledStream();
        using var ending = new CancellationTokenSource();
        Task writing = reader.WriteAsync("news", Call(reader), ending.Token);
        reader.Take();
        await writing;
        await ending.CancelAsync();
        await Assert.ThatAsync(() => reader.WriteAsync("more", Call(reader), ending.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((reader.Resets.Count, reader.Writes), Is.EqualTo((0, 1)));
    }

    private static RestCall Call(StalledStream stream)
    {
        var http = new DefaultHttpContext();
        http.Features.Set<IHttpResetFeature>(stream);
        return new RestCall(http, "/test");
    }

    /// <summary>A stream of which nothing is read until it is reset: then, as the web server has it, its write comes to an end.</summary>
    private sealed class StalledStream : IServerStreamWriter<string>, IHttpResetFeature
    {
        private readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Resets { get; } = [];

        public int Writes { get; private set; }

        public bool IsEndedByToken { get; private set; }

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(string message) => WriteAsync(message, CancellationToken.None);

        public Task WriteAsync(string message, CancellationToken cancellationToken)
        {
            Writes++;
            IsEndedByToken = cancellationToken.CanBeCanceled;
            return _taken.Task;
        }

        public void Take() => _taken.SetResult();

        public void Reset(int errorCode)
        {
            Resets.Add(errorCode);
            Take();
        }
    }
}
