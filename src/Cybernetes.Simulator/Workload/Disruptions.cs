using Cybernetes.Foundation;
using Cybernetes.Simulator.World;
using Cybernetes.Testing;

namespace Cybernetes.Simulator.Workload;

/// <summary>What goes wrong, at random: on the wire, with the parts, with the nodes, with the API server itself.</summary>
internal sealed class Disruptions
{
    private readonly SimulatedCluster _cluster;
    private readonly IRandomSource _chance;
    private readonly (int Weight, Func<Task> Do)[] _mischief;
    private readonly Dictionary<string, DateTimeOffset> _silent = new(StringComparer.Ordinal);
    private TimeSpan? _sleep;
    private bool _isOver;

    public Disruptions(SimulatedCluster cluster)
    {
        _cluster = cluster;
        _chance = Chance.Seeded(cluster.Seed ^ 0xbad);
        _mischief =
        [
            (6, TurnDial), (4, () => KillAsync(_cluster.Controllers)), (3, () => KillAsync(_cluster.Schedulers)), (3, KillWithinCall), (2, StopAsync),
            (2, RestartServerAsync), (5, SilenceNode), (2, LoseLease), (2, Hang), (1, () => KillAsync([_cluster.Nodes])),
            (_cluster.Options.IsRich ? 1 : 0, Sleep),
        ];
    }

    /// <summary>What is still away.</summary>
    public IEnumerable<string> Unfinished() => _silent.Where(s => s.Value > _cluster.Time.GetUtcNow()).Select(s => $"{s.Key} is silent");

    /// <summary>One thing at random.</summary>
    public Task ActAsync()
    {
        var at = _chance.Next(_mischief.Sum(m => m.Weight));
        foreach (var (weight, deed) in _mischief)
        {
            at -= weight;
            if (at < 0)
                return deed();
        }
        return Task.CompletedTask;
    }

    /// <summary>For how long everything is to stand still now, while time goes by; null: not at all.</summary>
    public TimeSpan? TakeSleep()
    {
        var sleep = _sleep;
        _sleep = null;
        return sleep;
    }

    /// <summary>Nothing fails any more from now on; what is down comes back.</summary>
    public async Task CeaseAsync()
    {
        _isOver = true;
        _cluster.Faults.Current = new();
        _cluster.Trace.Write("calm", "nothing fails any more");
        foreach (var part in _cluster.Parts)
        {
            (part.Transport.LeasesLostUntil, part.Transport.HungUntil) = (default, default);
            (part.Transport.DiesBefore, part.Transport.DiesAfter) = (null, null);
        }
        if (!_cluster.Server.IsUp)
            await StartServerAsync().ConfigureAwait(false);
        foreach (var part in _cluster.Parts.Where(p => !p.IsRunning))
            part.Start();
    }

    private Task TurnDial()
    {
        double Share(double most) => _chance.Next(2) == 0 ? 0 : most * _chance.NextDouble();
        _cluster.Faults.Current = new();
        if (_chance.Next(3) != 0)
        {
            _cluster.Faults.Current = new()
            {
                Conflicts = Share(0.3), TooManyRequests = Share(0.1), Gone = Share(0.3), WatchDrops = Share(0.3), WatchBreaks = Share(0.1),
                LostAnswers = Share(0.1),
                Latency = TimeSpan.FromMilliseconds(Share(2000)),
            };
        }
        _cluster.Trace.Write("dial", _cluster.Faults.Current.ToString());
        return Task.CompletedTask;
    }

    private async Task KillAsync(List<SimulatedPart> parts)
    {
        var part = parts[_chance.Next(parts.Count)];
        var back = TimeSpan.FromSeconds(1 + _chance.Next(40));
        part.Kill();
        await ComeBackAsync(part, back).ConfigureAwait(false);
    }

    /// <summary>A part dies right before or right after one of its writes has got through: a scheduler between decision and binding.</summary>
    private Task KillWithinCall()
    {
        var isScheduler = _chance.Next(2) == 0;
        var parts = isScheduler ? _cluster.Schedulers : _cluster.Controllers;
        var isBefore = _chance.Next(2) == 0;
        var left = 1 + _chance.Next(5);
        var back = TimeSpan.FromSeconds(1 + _chance.Next(20));
        foreach (var part in parts.Where(p => p.IsRunning))
        {
            var transport = part.Transport;
            bool Now(HttpRequestMessage call) => call.Method != HttpMethod.Get
                && !call.RequestUri!.AbsolutePath.Contains("/leases", StringComparison.Ordinal)
                && (!isScheduler || call.RequestUri.AbsolutePath.EndsWith("/binding", StringComparison.Ordinal)) && --left == 0;
            if (isBefore)
                transport.DiesBefore = Now;
            else
                transport.DiesAfter = Now;
            var died = transport.Died;
            transport.Died = () =>
            {
                died();
                _ = ComeBackAsync(part, back);
            };
        }
        _cluster.Trace.Write(
            "arm", $"{(isScheduler ? "a scheduler" : "a controller manager")} will die {(isBefore ? "before" : "after")} its {left}. write");
        return Task.CompletedTask;
    }

    private async Task StopAsync()
    {
        var parts = _chance.Next(2) == 0 ? _cluster.Controllers : _cluster.Schedulers;
        var part = parts[_chance.Next(parts.Count)];
        var back = TimeSpan.FromSeconds(1 + _chance.Next(20));
        await part.StopAsync().ConfigureAwait(false);
        await ComeBackAsync(part, back).ConfigureAwait(false);
    }

    private async Task RestartServerAsync()
    {
        if (!_cluster.Server.IsUp)
            return;
        var back = TimeSpan.FromSeconds(1 + _chance.Next(15));
        _cluster.Trace.Write("kill", "apiserver is killed");
        await _cluster.Server.CrashAsync().ConfigureAwait(false);
        await Task.Delay(back, _cluster.Time).ConfigureAwait(false);
        if (!_isOver)
            await StartServerAsync().ConfigureAwait(false);
    }

    private async Task StartServerAsync()
    {
        _cluster.Trace.Write("start", "apiserver");
        await _cluster.Server.StartAsync().ConfigureAwait(false);
    }

    private Task SilenceNode()
    {
        if (!_cluster.Nodes.IsRunning || !_cluster.Running.Registered.IsCompletedSuccessfully)
            return Task.CompletedTask;
        var node = $"node-{_chance.Next(_cluster.Fleet.Shapes[0].Count)}";
        var restarts = _chance.Next(2) == 0;
        var span = TimeSpan.FromSeconds(_chance.Next(3) == 0 ? 360 + _chance.Next(300) : 5 + _chance.Next(120));
        var now = _cluster.Time.GetUtcNow();
        if (_silent.TryGetValue(node, out var until) && until > now)
            return Task.CompletedTask;
        _silent[node] = now + span;
        _cluster.Trace.Write("node", $"{node} {(restarts ? "crashes" : "is cut off")} for {span.TotalSeconds} s");
        _cluster.Running.Silence(node, span, restarts);
        return Task.CompletedTask;
    }

    private Task LoseLease()
    {
        var parts = _chance.Next(2) == 0 ? _cluster.Controllers : _cluster.Schedulers;
        var until = _cluster.Time.GetUtcNow() + TimeSpan.FromSeconds(5 + _chance.Next(30));
        foreach (var part in parts.Where(p => p.IsRunning).Take(1 + _chance.Next(2)))
        {
            part.Transport.LeasesLostUntil = until;
            _cluster.Trace.Write("lease", $"{part.Name} cannot renew its lease for {(until - _cluster.Time.GetUtcNow()).TotalSeconds} s");
        }
        return Task.CompletedTask;
    }

    private Task Sleep()
    {
        _sleep = TimeSpan.FromSeconds(_chance.Next(3) == 0 ? 60 + _chance.Next(1200) : 1 + _chance.Next(60));
        _cluster.Trace.Write("sleep", $"the clock jumps by {_sleep.Value.TotalSeconds} s");
        return Task.CompletedTask;
    }

    private Task Hang()
    {
        var part = _cluster.Parts.ElementAt(_chance.Next(_cluster.Parts.Count()));
        var span = TimeSpan.FromSeconds(1 + _chance.Next(40));
        if (part.IsRunning)
            part.Transport.HungUntil = _cluster.Time.GetUtcNow() + span;
        _cluster.Trace.Write("hang", $"{part.Name} is cut off for {span.TotalSeconds} s");
        return Task.CompletedTask;
    }

    private async Task ComeBackAsync(SimulatedPart part, TimeSpan after)
    {
        await Task.Delay(after, _cluster.Time).ConfigureAwait(false);
        if (!part.IsRunning)
            part.Start();
    }
}
