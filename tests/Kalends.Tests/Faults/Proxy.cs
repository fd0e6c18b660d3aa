using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Kalends.Tests.Faults;

/// <summary>Stands between a server and its database and carries what they say to each other: how, is for those who derive from it.</summary>
internal abstract class Proxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly int database;
    private readonly Task accepting;
    private readonly List<Task> carrying = [];

    protected Proxy(int database)
    {
        this.database = database;
        listener.Start();
        accepting = Accept();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public static int PortOf(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Port;

    /// <summary>The same database by way of this proxy.</summary>
    public string To(string connectionString) => $"{connectionString};Host=127.0.0.1;Port={Port}";

    public virtual async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        await Task.WhenAll(carrying);
    }

    /// <summary>Comes back when the connection is over. Whatever the sockets throw counts as its end.</summary>
    protected abstract Task Carry(Socket client, Socket server);

    private async Task Accept()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync();
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
            {
                return;
            }

            carrying.Add(Serve(client));
        }
    }

    private async Task Serve(Socket client)
    {
        using (client)
        using (var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, database);
                await Carry(client, server);
            }
            catch (Exception over) when (over is SocketException or IOException or ObjectDisposedException)
            {
                // Both ends are let go of, which is how they learn of it.
            }
        }
    }
}
