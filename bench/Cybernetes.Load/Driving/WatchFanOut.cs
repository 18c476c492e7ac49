using System.Diagnostics;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Driving;

/// <summary>Many watchers of one collection: counts the events they see and how long after its write each came.</summary>
internal sealed class WatchFanOut
{
    private const int Remembered = 1 << 20;

    private readonly Recorder _recorder;
    private readonly OperationCounts _afterSent;
    private readonly OperationCounts _afterAcknowledged;
    private readonly long[] _acknowledgedAt = new long[Remembered];
    private readonly List<Watcher> _watchers = [];
    private long _now;

    public WatchFanOut(Recorder recorder)
    {
        _recorder = recorder;
        _afterSent = recorder.For("seen after sent");
        _afterAcknowledged = recorder.For("seen after acknowledged");
    }

    /// <summary>Events seen by all watchers together, ever.</summary>
    public long Seen { get; private set; }

    /// <summary>Writes that were acknowledged, ever.</summary>
    public long Written { get; private set; }

    public bool IsComplete => Seen >= Written * _watchers.Count;

    public bool AllWatch => _watchers.TrueForAll(w => w.IsOn);

    public void Add(Driver driver, LoadSettings settings, string revision)
    {
        var watcher = new Watcher(this, settings.Accept.Contains("protobuf", StringComparison.Ordinal));
        _watchers.Add(watcher);
        var path = $"{settings.ListPath}?watch=1&resourceVersion={revision}&timeoutSeconds=3600";
        driver.Open(watcher).Send(Exchange.Render(driver.Endpoint, settings.Draft("GET", path)));
    }

    /// <summary>A write's answer came.</summary>
    public void Acknowledged(long number, long now)
    {
        Written++;
        _acknowledgedAt[number % Remembered] = now;
    }

    private void See(long clock, long number)
    {
        Seen++;
        _recorder.Add(_afterSent, clock, _now);
        // An event may overtake the answer to the write it tells of.
        var acknowledged = _acknowledgedAt[number % Remembered];
        _recorder.Add(_afterAcknowledged, clock, clock + (acknowledged > clock ? _now - acknowledged : 0));
        _recorder.Count(1, _now);
    }

    private sealed class Watcher : IAnswerSink
    {
        private readonly WatchFanOut _all;
        private readonly StampScanner _scanner;
        private int _status;

        public Watcher(WatchFanOut all, bool protobuf) => (_all, _scanner) = (all, new(protobuf, all.See));

        public bool IsOn => _status != 0;

        public void Head(int status)
        {
            _status = status;
            if (status != 200)
                _all._recorder.AddError(_all._afterSent, $"watch: HTTP {status}", default);
        }

        public void Body(ReadOnlySpan<byte> part)
        {
            _all._now = Stopwatch.GetTimestamp();
            _all._recorder.AddBytes(part.Length);
            _scanner.Feed(part);
        }

        public void End() => _all._recorder.AddError(_all._afterSent, "a watch was ended by the server", default);

        public void Lost(string why) => _all._recorder.AddError(_all._afterSent, "a watch broke: " + why, default);
    }
}
