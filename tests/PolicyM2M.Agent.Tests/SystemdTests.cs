using System.Net.Sockets;
using System.Text;
using PolicyM2M.Testing;

namespace PolicyM2M.Agent.Tests;

[NonParallelizable]
internal sealed class SystemdTests
{
    [Test]
    public void The_service_manager_is_told_when_the_daemon_answers_and_when_it_ends()
    {
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", folder["notify"]);
        try
        {
            Systemd.Ready();
            Systemd.Stopping();
            Assert.That(new[] { Received(manager), Received(manager) }, Is.EqualTo(new[] { "READY=1", "STOPPING=1" }));
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        }
    }

    private static string Received(Socket manager)
    {
        byte[] bytes = new byte[64];
        return Encoding.UTF8.GetString(bytes, 0, manager.Receive(bytes));
    }
}
