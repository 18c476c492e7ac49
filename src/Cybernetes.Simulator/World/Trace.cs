using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cybernetes.Simulator.World;

/// <summary>What happened in a run, line by line, and a hash over all of it: two runs of a seed with equal hashes went the same way.</summary>
internal sealed class Trace(TimeProvider time, TextWriter? output) : IDisposable
{
    private const int Kept = 40;
    private readonly DateTimeOffset _start = time.GetUtcNow();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<string> _last = new();

    /// <summary>The last lines. May be asked for from another thread.</summary>
    public IReadOnlyList<string> Last
    {
        get
        {
            lock (_last)
                return [.. _last];
        }
    }

    /// <summary>How many lines there are.</summary>
    public long Lines { get; private set; }

    /// <summary>The virtual time since the run began.</summary>
    public TimeSpan Elapsed => time.GetUtcNow() - _start;

    /// <param name="topic">One word: who acts, or what kind of thing happens.</param>
    /// <param name="text">One line.</param>
    public void Write(string topic, string text)
    {
        var line = LineOf(topic, text);
        Add(Encoding.UTF8.GetBytes(line));
        Print(line);
    }

    /// <summary>A line beside the hash: a run that tells more goes the same way.</summary>
    public void Remark(string topic, string text) => Print(LineOf(topic, text));

    /// <summary>Adds to the hash what is not worth a line.</summary>
    public void Add(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>The hash so far, short.</summary>
    public string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash().AsSpan(0, 8));

    public void Dispose() => _hash.Dispose();

    private string LineOf(string topic, string text) => string.Create(CultureInfo.InvariantCulture, $"{Elapsed.TotalSeconds,9:0.000} {topic,-9} {text}");

    private void Print(string line)
    {
        Lines++;
        lock (_last)
        {
            _last.Enqueue(line);
            if (_last.Count > Kept)
                _last.Dequeue();
        }
        output?.WriteLine(line);
    }
}
