using System.Text;
using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Simulated;

/// <summary>What goes into simulated containers from outside: commands and forwarded ports.</summary>
internal static class SimulatedCommands
{
    public static CommandAnswer Answer(SimulatedContainer container, IReadOnlyList<string> command, string stdin) =>
        Answer(container.Sandbox.Config.Hostname, command, stdin);

    public static CommandAnswer Answer(string hostname, IReadOnlyList<string> command, string stdin) => command.ToArray() switch
    {
        ["echo", .. var words] => new CommandAnswer(string.Join(' ', words) + "\n"),
        ["cat"] or ["cat", "-"] => new CommandAnswer(stdin),
        ["hostname"] => new CommandAnswer(hostname + "\n"),
        ["false"] or ["/bin/false"] => new CommandAnswer(ExitCode: 1),
        ["sh", "-c", var line] when line.StartsWith("exit ", StringComparison.Ordinal)
            && int.TryParse(line.AsSpan(5), out var code) => new CommandAnswer(ExitCode: code),
        ["sh", "-c", var line] when line.StartsWith("echo ", StringComparison.Ordinal) => new CommandAnswer(line[5..] + "\n"),
        _ => default,
    };

    /// <summary>Reads all of stdin, then writes what the command answers.</summary>
    public static async Task<int> RunAsync(Func<string, CommandAnswer> answerTo, CommandStreams streams, CancellationToken cancellation)
    {
        var stdin = "";
        if (streams.Stdin is not null)
        {
            using var reader = new StreamReader(streams.Stdin, leaveOpen: true);
            stdin = await reader.ReadToEndAsync(cancellation).ConfigureAwait(false);
        }
        var answer = answerTo(stdin);
        await WriteAsync(streams.Stdout, answer.Stdout, cancellation).ConfigureAwait(false);
        await WriteAsync(streams.Stderr ?? streams.Stdout, answer.Stderr, cancellation).ConfigureAwait(false);
        return answer.ExitCode;
    }

    /// <summary>Every port of a pod answers one HTTP request with the pod's name.</summary>
    public static async Task AnswerHttpAsync(string? podName, int port, Stream stream, CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { Length: > 0 })
        {
            // The request's head; nothing in it changes the answer.
        }
        var body = $"{podName}:{port}\n";
        var head = $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        await WriteAsync(stream, head + body, cancellation).ConfigureAwait(false);
    }

    public static async Task WriteAsync(Stream? stream, string text, CancellationToken cancellation)
    {
        if (stream is not null && text.Length > 0)
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation).ConfigureAwait(false);
    }
}

/// <summary>What a container's log file holds, in the runtime's format.</summary>
internal static class SimulatedLog
{
    public static string Format(string output, DateTimeOffset at)
    {
        var stamp = at.ToString("yyyy-MM-ddTHH:mm:ss.fffffff00Z", System.Globalization.CultureInfo.InvariantCulture);
        var lines = output.Split('\n');
        var text = new StringBuilder();
        foreach (var line in lines.AsSpan(0, lines.Length - (lines[^1].Length == 0 ? 1 : 0)))
            text.Append(stamp).Append(" stdout F ").Append(line).Append('\n');
        return text.ToString();
    }
}
