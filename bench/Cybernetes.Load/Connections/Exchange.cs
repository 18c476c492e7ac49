using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Connections;

/// <summary>What becomes of an answer, piece by piece as it arrives. Spans are valid during the call only.</summary>
internal interface IAnswerSink
{
    void Head(int status);

    void Body(ReadOnlySpan<byte> part);

    /// <summary>The answer is whole; the next request may be sent from here.</summary>
    void End();

    /// <summary>The connection ended before the answer did, or spoke nonsense.</summary>
    void Lost(string why);
}

/// <summary>Requests and answers over one connection, one at a time: HTTP/1.1 or HTTP/2.</summary>
internal abstract class Exchange(Connection connection, IAnswerSink sink) : IDisposable
{
    public Connection Connection { get; } = connection;

    /// <summary>Bytes of answers, as they came out of TLS.</summary>
    public long ReceivedBytes { get; protected set; }

    protected IAnswerSink Sink { get; } = sink;

    public static Exchange Open(Endpoint endpoint, ThreadBuffers buffers, IAnswerSink sink)
    {
        var connection = Connection.Open(endpoint, buffers);
        return endpoint.Http2 ? new Http2Exchange(connection, sink) : new Http1Exchange(connection, sink);
    }

    /// <summary>The request's bytes for this protocol.</summary>
    public static RequestTemplate Render(Endpoint endpoint, RequestDraft draft) =>
        endpoint.Http2 ? Http2Request.Render(endpoint, draft) : Http1Request.Render(endpoint, draft);

    public abstract void Send(RequestTemplate request);

    /// <summary>Takes in bytes that arrived.</summary>
    public abstract void Feed(ReadOnlySpan<byte> bytes);

    public void Dispose() => Connection.Dispose();
}
