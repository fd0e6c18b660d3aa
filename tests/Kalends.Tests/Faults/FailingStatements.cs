using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Kalends.Tests.Faults;

/// <summary>How a statement fails.</summary>
public enum Failure
{
    /// <summary>The connection is lost before the database hears of it.</summary>
    Unheard,

    /// <summary>The database does it, and the connection is lost before the answer comes.</summary>
    Unanswered,

    /// <summary>The database does it, answers, and then ends the session for its own reasons (57P01), as when an operator restarts it.</summary>
    Terminated,

    /// <summary>The database refuses it; for which reason it says is <see cref="FailingStatements.SqlState"/>.</summary>
    Refused,
}

/// <summary>
/// Reads along what a client and a real PostgreSQL say to each other (PostgreSQL manual, "Frontend/Backend Protocol"), and makes one of the
/// statements that are executed fail. All that were executed before it have been, and none of those after it.
/// </summary>
internal sealed class FailingStatements(int database) : Proxy(database)
{
    public const string Commit = "COMMIT";

    public const string Rollback = "ROLLBACK";

    private static readonly byte[] Flush = [(byte)'H', 0, 0, 0, 4];

    /// <summary>Execute of a portal that nobody made: the database itself fails here, and leaves out what comes until the next Sync.</summary>
    private static readonly byte[] Impossible = [(byte)'E', 0, 0, 0, 11, .. "no\0"u8, 0, 0, 0, 0];

    private readonly Lock counting = new();
    private List<string> executed = [];
    private int failing;
    private bool failingCommit;
    private Failure how;

    /// <summary>What the database is to have said of a statement that it refused.</summary>
    public string SqlState { get; set; } = "53100";

    /// <summary>How many statements were executed since <see cref="Fail"/>, and the one that was made to fail.</summary>
    public int Calls => executed.Count;

    public string? Failed { get; private set; }

    /// <summary>The n-th statement from now on fails, once; it counts BEGIN and COMMIT too.</summary>
    public void Fail(int call, Failure failure) => Begin(call, failure, isCommit: false);

    /// <summary>The next commit fails, once.</summary>
    public void FailCommit(Failure failure) => Begin(0, failure, isCommit: true);

    /// <summary>From now on the connection is lost whenever a session is to be undone.</summary>
    public bool LosesRollbacks { get; set; }

    public int LostRollbacks { get; private set; }

    public void Heal() => (failing, failingCommit) = (0, false);

    public new string To(string connectionString) => $"{base.To(connectionString)};SSL Mode=Disable;GSS Encryption Mode=Disable";

    protected override async Task Carry(Socket client, Socket server)
    {
        var conversation = new Conversation(new NetworkStream(client), new NetworkStream(server));
        await await Task.WhenAny(Ask(conversation), Answer(conversation));
    }

    private async Task Ask(Conversation conversation)
    {
        await conversation.Server.WriteAsync(await Untyped(conversation.Client));
        while (true)
        {
            var message = await Typed(conversation.Client);
            conversation.Follow(message);
            if (message[0] == 'E' && LosesRollbacks && conversation.Sql == Rollback)
            {
                LostRollbacks++;
                return;
            }

            if (message[0] != 'E' || !IsToFail(conversation.Sql))
            {
                await conversation.Server.WriteAsync(message);
                continue;
            }

            if (how == Failure.Unheard)
            {
                return;
            }

            conversation.Refused = how == Failure.Refused;
            conversation.Hidden = how == Failure.Unanswered;
            var done = conversation.Await();
            await conversation.Server.WriteAsync(how == Failure.Refused ? Impossible : message);
            if (how is Failure.Unanswered or Failure.Terminated)
            {
                await conversation.Server.WriteAsync(Flush);
                await done.WaitAsync(TimeSpan.FromSeconds(30));
                await conversation.Client.WriteAsync(how == Failure.Terminated ? Error("FATAL", "57P01") : ReadOnlyMemory<byte>.Empty);
                return;
            }
        }
    }

    private async Task Answer(Conversation conversation)
    {
        while (true)
        {
            var message = await Typed(conversation.Server);
            if (message[0] == 'E' && conversation.Refused)
            {
                (message, conversation.Refused) = (Error("ERROR", SqlState), false);
            }

            if (message[0] == 'Z')
            {
                conversation.Ready();
            }

            if (!conversation.Hidden)
            {
                await conversation.Client.WriteAsync(message);
            }

            if (message[0] is (byte)'C' or (byte)'I' or (byte)'s')
            {
                conversation.Completed();
            }
        }
    }

    /// <summary>The one that failed, or where none did all that were executed.</summary>
    public override string ToString()
    {
        lock (counting)
        {
            return Failed ?? string.Join('\n', executed);
        }
    }

    private void Begin(int call, Failure failure, bool isCommit)
    {
        lock (counting)
        {
            (executed, Failed, how, failing, failingCommit) = ([], null, failure, call, isCommit);
        }
    }

    private bool IsToFail(string sql)
    {
        lock (counting)
        {
            executed.Add(sql);
            if (Calls != failing && !(failingCommit && sql == Commit))
            {
                return false;
            }

            (Failed, failingCommit) = (sql, false);
            return true;
        }
    }

    private static byte[] Error(string severity, string state)
    {
        var fields = Encoding.UTF8.GetBytes($"S{severity}\0V{severity}\0C{state}\0Mmade to fail\0\0");
        var message = new byte[5 + fields.Length];
        message[0] = (byte)'E';
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + fields.Length);
        fields.CopyTo(message, 5);
        return message;
    }

    /// <summary>The first message of a client, which has a length and no type.</summary>
    private static async Task<byte[]> Untyped(NetworkStream from)
    {
        var length = new byte[4];
        await from.ReadExactlyAsync(length);
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        length.CopyTo(message, 0);
        await from.ReadExactlyAsync(message.AsMemory(4));
        return message;
    }

    private static async Task<byte[]> Typed(NetworkStream from)
    {
        var head = new byte[5];
        await from.ReadExactlyAsync(head);
        var message = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        head.CopyTo(message, 0);
        await from.ReadExactlyAsync(message.AsMemory(5));
        return message;
    }

    /// <summary>One connection, and as much of its state as is needed to say which statement runs.</summary>
    private sealed class Conversation(NetworkStream client, NetworkStream server)
    {
        private readonly Dictionary<string, string> statements = [];
        private TaskCompletionSource? awaited;
        private int owed;

        public NetworkStream Client => client;

        public NetworkStream Server => server;

        public string Sql { get; private set; } = "";

        public bool Refused { get; set; }

        public bool Hidden { get; set; }

        public void Follow(byte[] message)
        {
            if (message[0] == 'P')
            {
                var (name, after) = Text(message, 5);
                statements[name] = Text(message, after).Text;
            }
            else if (message[0] == 'B')
            {
                Sql = statements.GetValueOrDefault(Text(message, Text(message, 5).After).Text, "?");
            }
            else if (message[0] == 'E')
            {
                Interlocked.Increment(ref owed);
            }
        }

        /// <summary>Completes when all that was asked for so far has been done and answered.</summary>
        public Task Await() => (awaited = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        /// <summary>What follows a refused statement is left out, so it stays owed until the database is ready again.</summary>
        public void Ready() => Interlocked.Exchange(ref owed, 0);

        public void Completed()
        {
            if (Interlocked.Decrement(ref owed) is var left && left <= 0)
            {
                // Below zero were answers to a simple query, which is not counted.
                Interlocked.CompareExchange(ref owed, 0, left);
                awaited?.TrySetResult();
            }
        }

        private static (string Text, int After) Text(byte[] message, int from)
        {
            var end = Array.IndexOf(message, (byte)0, from);
            return (Encoding.UTF8.GetString(message, from, end - from), end + 1);
        }
    }
}
