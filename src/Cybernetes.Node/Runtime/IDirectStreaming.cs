using System.Threading.Channels;
using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Runtime;

/// <summary>
/// A runtime in this process that streams exec, attach and port-forward itself, instead of giving out a URL. The kubelet's server
/// asks for this first.
/// </summary>
public interface IDirectStreaming
{
    /// <summary>Runs the command until it ends. Returns its exit code.</summary>
    /// <exception cref="RuntimeCallException">It could not run.</exception>
    Task<int> RunCommandAsync(ExecRequest request, CommandStreams streams, CancellationToken cancellation);

    /// <summary>Until the container ends or the streams are closed.</summary>
    Task AttachToAsync(AttachRequest request, CommandStreams streams, CancellationToken cancellation);

    /// <summary>Connects the stream to a port inside the sandbox, until either side is done.</summary>
    Task ForwardPortAsync(string sandboxId, int port, Stream stream, CancellationToken cancellation);
}

/// <summary>A terminal's size in character cells.</summary>
public readonly record struct TerminalSize(ushort Width, ushort Height);

/// <summary>The user's end of a command. Streams which were not asked for are null.</summary>
public sealed record CommandStreams(Stream? Stdin, Stream? Stdout, Stream? Stderr, ChannelReader<TerminalSize>? Resizes);
