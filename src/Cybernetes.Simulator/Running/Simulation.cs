using System.Diagnostics;
using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.Invariants;
using Cybernetes.Simulator.Rest;
using Cybernetes.Simulator.Workload;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Running;

/// <summary>How a run went.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Findings">What was wrong; empty when all was well.</param>
/// <param name="Hash">Of everything that happened.</param>
/// <param name="Turns">How many moments there were.</param>
/// <param name="Lived">The virtual time.</param>
/// <param name="Took">The real time.</param>
/// <param name="Revisions">How many writes the store saw.</param>
/// <param name="HasEnded">Whether all that lived has ended; where not, nothing else can live in this process.</param>
internal sealed record Outcome(
    int Seed, IReadOnlyList<string> Findings, string Hash, long Turns, TimeSpan Lived, TimeSpan Took, long Revisions, bool HasEnded);

/// <summary>
/// The life of one cluster by one seed:
/// 1. it starts; 2. users act and things fail; 3. nothing fails any more: it comes to rest; 4. a node is drained in the calm, and it comes to rest
/// again; 5. all namespaces go, and nothing is left of them.
/// </summary>
internal sealed class Simulation
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);
    private readonly SimulatedCluster _cluster;
    private readonly Clockwork _clockwork;
    private readonly Circles _circles;
    private readonly IRandomSource _chance;
    private readonly BudgetKept _budgets;
    private readonly WatchOrder<Pod> _watchers;
    private readonly List<IInvariant> _invariants;
    private readonly User _user;
    private readonly Disruptions _disruptions;
    private readonly CancellationTokenSource _stop = new();
    private readonly SimulationOptions _options;
    private bool _isEnding;

    private Simulation(int seed, SimulationOptions options, TextWriter? output)
    {
        _options = options;
        _chance = Chance.Seeded(seed);
        _cluster = new(seed, 3 + _chance.Next(3), options, output);
        _circles = new(_cluster.Time);
        _clockwork = new(_cluster.Time, () => _isEnding ? null : _circles.Found);
        _budgets = new(_cluster.Model);
        _watchers = new();
        var endings = new PodEndings(_cluster.Model);
        _invariants =
        [
            new PodPlacement(_cluster.Model), new QuotaKept(_cluster.Model, _cluster.Time), _budgets, new JobCounts(_cluster.Model), endings,
            new CronRuns(_cluster.Model), new ClaimBinding(_cluster.Model), new Preempting(), _watchers,
        ];
        _cluster.Nodes.TakesAway = uid => endings.TakenAway.Add(uid);
        _user = new(_cluster, _budgets, endings);
        _disruptions = new(_cluster);
        _cluster.Model.Listen(See);
        _cluster.Model.Listen(_circles.See);
    }

    private DateTimeOffset Now => _cluster.Time.GetUtcNow();

    /// <summary>Lives one life.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="options">How long, and how much is told.</param>
    /// <param name="output">Where the trace goes; null: nowhere.</param>
    /// <param name="watch">Is given what whoever looks from outside may look at.</param>
    public static async Task<Outcome> RunAsync(int seed, SimulationOptions options, TextWriter? output, Action<Clockwork, World.Trace> watch)
    {
        var started = Stopwatch.GetTimestamp();
        var life = new Simulation(seed, options, output);
        watch(life._clockwork, life._cluster.Trace);
        try
        {
            await life.LiveAsync().ConfigureAwait(false);
        }
        catch (SimulationException wrong)
        {
            life._cluster.Violate(wrong.Message);
        }
        catch (Exception mistake)
        {
            life._cluster.Violate($"the simulation itself failed: {mistake}");
        }
        var (cluster, trace) = (life._cluster, life._cluster.Trace);
        var outcome = new Outcome(
            seed, [.. cluster.Violations], trace.Hash(), life._clockwork.Turns, trace.Elapsed, Stopwatch.GetElapsedTime(started),
                cluster.Model.Revision, HasEnded: false);
        return outcome with { HasEnded = await life.EndAsync().ConfigureAwait(false) };
    }

    private async Task LiveAsync()
    {
        _cluster.Trace.Write("seed", $"{_cluster.Seed}: {_cluster.Fleet.Shapes[0].Count} nodes");
        // 1. It starts.
        await WithClockAsync(_cluster.StartAsync()).ConfigureAwait(false);
        await WithClockAsync(_user.BeginAsync()).ConfigureAwait(false);
        var watching = Enumerable.Range(0, 2).Select(StartWatcher).ToList();
        // 2. Users act and things fail.
        await DisturbAsync().ConfigureAwait(false);
        // 3. Nothing fails any more.
        if (_cluster.Violations.Count > 0)
            return;
        await WithClockAsync(_disruptions.CeaseAsync()).ConfigureAwait(false);
        await WithClockAsync(_user.RelentAsync()).ConfigureAwait(false);
        if (!await RestAsync("after the faults").ConfigureAwait(false))
            return;
        // 4. A drain in the calm.
        _budgets.IsCalm = true;
        var drained = "node-" + _chance.Next(_cluster.Fleet.Shapes[0].Count);
        await WithClockAsync(_user.DrainPatientlyAsync(drained, TimeSpan.FromMinutes(3))).ConfigureAwait(false);
        if (!await RestAsync("after a drain").ConfigureAwait(false))
            return;
        _budgets.IsCalm = false;
        // 5. Nothing is left.
        await WithClockAsync(_user.LeaveAsync()).ConfigureAwait(false);
        await ComeToAsync("after all namespaces were deleted", _user.Left).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await WithClockAsync(Task.WhenAll(watching)).ConfigureAwait(false);
        Look();
    }

    private async Task DisturbAsync()
    {
        var end = Now + _options.Trouble;
        var acting = new List<Task>();
        // Some lives have hardly any faults: then what goes wrong is easier to understand.
        var mischief = _chance.Next(4) switch { 0 => 0.0, 1 => 0.1, _ => 0.3 };
        while (Now < end && _cluster.Violations.Count == 0)
        {
            await _clockwork.RunUntilAsync(Now + TimeSpan.FromMilliseconds(200 + _chance.Next(9000))).ConfigureAwait(false);
            if (_disruptions.TakeSleep() is { } asleep)
                _clockwork.Jump(asleep);
            acting.Add(_chance.NextDouble() < mischief ? _disruptions.ActAsync() : _user.ActAsync());
            Look();
        }
        await WithClockAsync(Task.WhenAll(acting)).ConfigureAwait(false);
    }

    /// <summary>Moves the clock until the task has ended.</summary>
    private async Task WithClockAsync(Task task)
    {
        var patience = Now + s_patience;
        await _clockwork.RunUntilAsync(patience, () => task.IsCompleted).ConfigureAwait(false);
        if (!task.IsCompleted)
            throw new SimulationException($"a step did not end within {s_patience}");
        await task.ConfigureAwait(false);
    }

    private async Task<bool> RestAsync(string when)
    {
        var resting = new RestingCluster(_cluster.Model);
        if (!await ComeToAsync(when, () => resting.Unfinished().Concat(_disruptions.Unfinished())).ConfigureAwait(false))
            return false;
        // It stays so: nobody makes a turn back.
        await _clockwork.RunUntilAsync(Now + TimeSpan.FromSeconds(30)).ConfigureAwait(false);
        foreach (var wrong in _invariants.SelectMany(i => i.AtRest()).Concat(resting.Unfinished()).ToList())
            _cluster.Violate($"{when}: {wrong}");
        return _cluster.Violations.Count == 0;
    }

    private async Task<bool> ComeToAsync(string when, Func<IEnumerable<string>> unfinished)
    {
        var end = Now + s_patience;
        List<string> left;
        while ((left = [.. unfinished()]).Count > 0 && Now < end && _cluster.Violations.Count == 0)
        {
            if (_options.IsRich)
                await WithClockAsync(_user.ProvideAsync()).ConfigureAwait(false);
            await _clockwork.RunUntilAsync(Now + s_look).ConfigureAwait(false);
            Look();
        }
        if (_cluster.Violations.Count > 0)
            return false;
        _cluster.Trace.Write("rest", left.Count == 0 ? $"{when} the cluster has come to rest" : $"{when} the cluster does not come to rest");
        foreach (var wrong in left)
            _cluster.Violate($"{when}, {s_patience.TotalMinutes} min later: {wrong}");
        return _cluster.Violations.Count == 0;
    }

    private Task StartWatcher(int number)
    {
        var name = $"watcher-{number}";
        var transport = new PartTransport(
            _cluster.Server.HandlerFor(name), _cluster.Faults, Chance.Seeded(_cluster.Seed + (number * 101)), _cluster.Time,
                what => _cluster.Trace.Write("fault", $"{name}: {what}"))
        {
            Wrong = what => _cluster.Violate($"{name}: {what}"),
        };
        var client = _cluster.ClientOver(transport, _cluster.Seed - number);
        return Task.Run(() => _watchers.WatchAsync(name, client, _stop.Token));
    }

    private void See(Change change)
    {
        foreach (var invariant in _invariants)
        {
            if (invariant.See(change) is { } wrong)
                _cluster.Violate(wrong);
        }
    }

    private void Look()
    {
        foreach (var wrong in _watchers.Check().ToList())
            _cluster.Violate(wrong);
    }

    /// <returns>Whether everything has.</returns>
    private async Task<bool> EndAsync()
    {
        _isEnding = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            var ending = _cluster.DisposeAsync().AsTask();
            await _clockwork.RunUntilAsync(Now + s_patience, () => ending.IsCompleted).ConfigureAwait(false);
            return ending.IsCompleted;
        }
        catch (SimulationException)
        {
            // It has been told already, or it comes of being ended in the middle: no finding any more.
            return false;
        }
        finally
        {
            _stop.Dispose();
        }
    }
}
