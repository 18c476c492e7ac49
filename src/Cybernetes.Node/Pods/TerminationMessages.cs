using System.Text;
using Cybernetes.Node.Runtime;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>The last words of an ended container.</summary>
internal interface ITerminationMessages
{
    /// <summary>The runtime's message joined with the termination message; empty when there is neither.</summary>
    string Read(Cri.ContainerStatus status);
}

/// <summary>
/// Reads the file that was mounted at the container's terminationMessagePath, or the log's end for FallbackToLogsOnError
/// (API reference, Container.terminationMessagePolicy): at most 4096 bytes of the file, 80 lines and 2048 bytes of the log.
/// </summary>
internal sealed class TerminationMessages : ITerminationMessages
{
    public const int MaxFileBytes = 4096;
    public const int MaxLogBytes = 2048;
    public const int MaxLogLines = 80;

    public string Read(Cri.ContainerStatus status)
    {
        var words = FileMessage(status);
        var fallsBack = ContainerInstance.Annotation(status, RuntimeLabels.TerminationMessagePolicy) == "FallbackToLogsOnError";
        var failed = status.ExitCode != 0 || status.Reason == "ContainerCannotRun";
        if (words.Length == 0 && fallsBack && failed)
            words = LogTail(status.LogPath);
        if (words.Length == 0 || status.Message.Length == 0)
            return status.Message + words;
        return status.Message + ": " + words;
    }

    private static string FileMessage(Cri.ContainerStatus status)
    {
        var path = ContainerInstance.Annotation(status, RuntimeLabels.TerminationMessagePath);
        if (path.Length == 0)
            return "";
        foreach (var mount in status.Mounts)
        {
            if (mount.ContainerPath != path)
                continue;
            return TryReadHead(mount.HostPath, out var text) ? text : $"Error on reading termination message from logs: {text}";
        }

        return "";
    }

    private static bool TryReadHead(string path, out string text)
    {
        text = "";
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var buffer = new byte[MaxFileBytes];
            var length = file.ReadAtLeast(buffer, MaxFileBytes, throwOnEndOfStream: false);
            text = Encoding.UTF8.GetString(buffer, 0, length);
            return true;
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // The pod's directory is gone already: there is nothing to say.
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            text = e.Message;
            return false;
        }
    }

    /// <summary>The log's lines without the runtime's prefix (time, stream, tag).</summary>
    internal static string LogTail(string path)
    {
        if (path.Length == 0 || !File.Exists(path))
            return "";
        var lines = new Queue<string>();
        foreach (var line in File.ReadLines(path))
        {
            var at = -1;
            for (var blanks = 0; blanks < 3; blanks++)
            {
                at = line.IndexOf(' ', at + 1);
                if (at < 0)
                    break;
            }

            if (at < 0)
                continue;
            lines.Enqueue(line[(at + 1)..]);
            if (lines.Count > MaxLogLines)
                lines.Dequeue();
        }

        var text = string.Concat(lines.Select(line => line + "\n"));
        return text.Length > MaxLogBytes ? text[^MaxLogBytes..] : text;
    }
}
