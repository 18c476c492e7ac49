using System.Buffers;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Sockets;

/// <summary>Kestrel's way to sockets whose threads answer themselves, instead of its own transport.</summary>
/// <param name="listen">Makes a socket that listens.</param>
/// <param name="memory">Where connections take their buffers from.</param>
/// <param name="logger">Is told what is refused.</param>
[SupportedOSPlatform("linux")]
internal sealed class PolledListeners(Func<EndPoint, Socket> listen, IMemoryPoolFactory<byte> memory, ILogger logger) : IConnectionListenerFactory
{
    private static readonly TimeSpan s_exhaustionPause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="AddressInUseException">Somebody listens there already.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            return new(new PolledListener(listen(endpoint), memory.Create(), logger));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }
    }

    private sealed class PolledListener(Socket socket, MemoryPool<byte> memory, ILogger logger) : IConnectionListener
    {
        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    if (TryBegin(await socket.AcceptAsync(cancellationToken)) is { } connection)
                        return connection;
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return null; // not bound any more
                }
                catch (SocketException e) when (e.SocketErrorCode == SocketError.TooManyOpenSockets)
                {
                    logger.LogError("no connection is accepted until others end: {Reason}", e.Message);
                    await Task.Delay(s_exhaustionPause, TimeProvider.System, cancellationToken);
                }
                catch (SocketException)
                {
                    // It was gone before it was accepted.
                }
            }
        }

        private PolledConnection? TryBegin(Socket accepted)
        {
            try
            {
                accepted.NoDelay = true;
                var connection = new PolledConnection(accepted, SocketPoller.Shared, memory);
                connection.Begin();
                return connection;
            }
            catch (SocketException)
            {
                accepted.Dispose(); // it has gone already
            }
            catch (Win32Exception e)
            {
                accepted.Dispose();
                logger.LogError("a connection is refused: {Reason}", e.Message);
            }
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return default;
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            memory.Dispose();
            return default;
        }
    }
}
