using System.Text;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Driving;

/// <summary>
/// The one thread's loop: waits for connections with something to read and lets them work. Everything else happens inside, as an answer's end
/// sends the next request.
/// </summary>
internal sealed class Driver(Endpoint endpoint) : IDisposable
{
    private readonly Readiness _readiness = Readiness.Create();
    private readonly ThreadBuffers _buffers = new();
    private readonly List<(Exchange Exchange, IAnswerSink Sink)> _open = [];

    public Endpoint Endpoint { get; } = endpoint;

    public Exchange Open(IAnswerSink sink)
    {
        var exchange = Exchange.Open(Endpoint, _buffers, sink);
        _readiness.Add(exchange.Connection.Socket, _open.Count);
        _open.Add((exchange, sink));
        return exchange;
    }

    /// <summary>Waits at most so long and works off what has arrived.</summary>
    public void Turn(int timeoutMilliseconds)
    {
        foreach (var key in _readiness.Wait(timeoutMilliseconds))
        {
            var (exchange, sink) = _open[key];
            var why = "connection closed";
            try
            {
                exchange.Connection.Pump(exchange);
                if (!exchange.Connection.IsClosed)
                    continue;
            }
            catch (IOException failure)
            {
                why = failure.Message;
            }
            _readiness.Remove(exchange.Connection.Socket);
            exchange.Dispose();
            sink.Lost(why);
        }
    }

    /// <summary>Turns until the condition holds.</summary>
    /// <returns>False when it did not within this time.</returns>
    public bool TurnUntil(Func<bool> condition, TimeSpan limit)
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(start) > limit)
                return false;
            Turn(10);
        }
        return true;
    }

    /// <summary>One request on a connection of its own, its whole answer as text.</summary>
    public (int Status, string Body) Call(RequestDraft draft)
    {
        var answer = new SingleAnswer();
        using var exchange = Open(answer);
        exchange.Send(Exchange.Render(Endpoint, draft));
        if (!TurnUntil(() => answer.IsOver, TimeSpan.FromMinutes(1)))
            throw new IOException($"{draft.Method} {draft.Path}: no answer within a minute");
        _readiness.Remove(exchange.Connection.Socket);
        return answer.Why.Length == 0 ? (answer.Status, answer.Text) : throw new IOException($"{draft.Method} {draft.Path}: {answer.Why}");
    }

    public void Dispose()
    {
        foreach (var (exchange, _) in _open)
            exchange.Dispose();
        _readiness.Dispose();
    }

    private sealed class SingleAnswer : IAnswerSink
    {
        private readonly MemoryStream _body = new();

        public int Status { get; private set; }

        public bool IsOver { get; private set; }

        public string Why { get; private set; } = "";

        public string Text => Encoding.UTF8.GetString(_body.GetBuffer(), 0, (int)_body.Length);

        public void Head(int status) => Status = status;

        public void Body(ReadOnlySpan<byte> part) => _body.Write(part);

        public void End() => IsOver = true;

        public void Lost(string why) => (IsOver, Why) = (true, why);
    }
}
