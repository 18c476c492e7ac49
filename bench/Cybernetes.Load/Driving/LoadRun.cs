using System.Diagnostics;
using System.Text.RegularExpressions;
using Cybernetes.Load.Connections;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Driving;

/// <summary>
/// Runs one scenario: 1. namespaces and objects that have to be there, 2. watchers, 3. the clients, first without counting, 4. what is still under
/// way, 5. the sum.
/// </summary>
/// <param name="settings">What to do.</param>
/// <param name="progress">A terminal to show progress on, or null.</param>
/// <param name="mixes">What each client asks, by its number, of a server that is not Kubernetes: nothing is prepared there. Null: the scenario.</param>
internal sealed partial class LoadRun(LoadSettings settings, TextWriter? progress = null, Func<int, OperationMix>? mixes = null)
{
    private const int FillClients = 16;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Recorder _recorder = new(settings.ProcessIds);
    private readonly List<long> _listed = [];
    private readonly List<Worker> _workers = [];
    private long _shownAt;
    private long _shownDone;

    /// <exception cref="IOException">The server cannot be reached or does not answer at all.</exception>
    /// <exception cref="ArgumentException">The settings make no sense.</exception>
    public RunResult Run()
    {
        using var driver = new Driver(settings.Endpoint);
        if (mixes is null)
            Prepare(driver);
        var fanOut = settings.Scenario == "watch" ? Watch(driver) : null;
        var flow = new Flow(settings.Rate);
        for (var i = 0; i < settings.Clients; i++)
        {
            var mix = mixes is null ? Scenarios.For(settings, i, _listed.Add) : mixes(i);
            _workers.Add(new(driver, flow, _recorder, mix, fanOut is null ? null : fanOut.Acknowledged));
        }
        Drive(driver, flow, fanOut);
        return Sum(fanOut);
    }

    /// <summary>Makes the objects that are not there.</summary>
    /// <returns>How that went, as a run of its own.</returns>
    public static RunResult Fill(LoadSettings settings, TextWriter? progress = null, int clients = FillClients)
    {
        using var driver = new Driver(settings.Endpoint);
        var fill = new LoadRun(settings with { Count = settings.Objects, WarmUpSeconds = 0, Clients = clients, Rate = 0 }, progress);
        fill.MakeNamespaces(driver);
        var flow = new Flow(0);
        for (var i = 0; i < clients; i++)
            fill._workers.Add(new(driver, flow, fill._recorder, Scenarios.Fill(settings)));
        flow.StopAt(settings.Objects);
        fill._recorder.Begin();
        fill._workers.ForEach(w => w.Start());
        fill.TurnWhileBusy(driver, TimeSpan.FromHours(1));
        fill._recorder.End();
        var result = RunResult.Of("fill", clients, fill._recorder);
        return result.Errors.Count == 0 ? result : throw new IOException($"the objects cannot be made: {result.FirstError}");
    }

    private void Prepare(Driver driver)
    {
        MakeNamespaces(driver);
        if (Scenarios.NeedsObjects(settings) && !settings.IsFilled)
            Fill(settings, progress);
    }

    private void MakeNamespaces(Driver driver)
    {
        for (var i = 0; i < settings.Namespaces; i++)
        {
            var name = settings.Namespaces > 1 ? $"{settings.Namespace}-{i:000}" : settings.Namespace;
            var body = """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"NAME"}}""".Replace("NAME", name);
            var (status, text) = driver.Call(new("POST", "/api/v1/namespaces") { Body = body });
            if (status is not (201 or 409))
                throw new IOException($"namespace {name} cannot be made: HTTP {status}: {text}");
        }
    }

    private WatchFanOut Watch(Driver driver)
    {
        var (status, text) = driver.Call(settings.Draft("GET", $"{settings.ListPath}?limit=1") with { Accept = "application/json", AcceptEncoding = "" });
        var revision = ListRevision().Match(text);
        if (status != 200 || !revision.Success)
            throw new IOException($"{settings.ListPath} cannot be listed: HTTP {status}: {text}");
        var fanOut = new WatchFanOut(_recorder);
        for (var i = 0; i < settings.Watchers; i++)
            fanOut.Add(driver, settings, revision.Groups[1].Value);
        return driver.TurnUntil(() => fanOut.AllWatch, s_patience) ? fanOut : throw new IOException("the watches do not begin within a minute");
    }

    private void Drive(Driver driver, Flow flow, WatchFanOut? fanOut)
    {
        var warm = settings.WarmUpSeconds > 0;
        if (warm)
        {
            _workers.ForEach(w => w.Start());
            TurnFor(driver, settings.WarmUpSeconds);
        }
        _recorder.Begin();
        if (settings.Count > 0)
            flow.StopAt(flow.Next + settings.Count);
        if (!warm)
            _workers.ForEach(w => w.Start());
        if (settings.Count > 0)
        {
            TurnWhileBusy(driver, TimeSpan.FromHours(1));
            WaitForEvents(driver, fanOut);
            _recorder.End();
            return;
        }
        TurnFor(driver, settings.Seconds);
        _recorder.End();
        flow.StopAt(0);
        TurnWhileBusy(driver, s_patience);
        WaitForEvents(driver, fanOut);
    }

    private void TurnFor(Driver driver, double seconds)
    {
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        for (long now; (now = Stopwatch.GetTimestamp()) < end;)
            Turn(driver, now);
    }

    private void TurnWhileBusy(Driver driver, TimeSpan limit)
    {
        var end = Stopwatch.GetTimestamp() + (long)(limit.TotalSeconds * Stopwatch.Frequency);
        for (long now; !_workers.TrueForAll(w => w.IsIdle) && (now = Stopwatch.GetTimestamp()) < end;)
            Turn(driver, now);
    }

    private void WaitForEvents(Driver driver, WatchFanOut? fanOut)
    {
        if (fanOut is not null)
            driver.TurnUntil(() => fanOut.IsComplete, s_patience);
    }

    private void Turn(Driver driver, long now)
    {
        var waiting = false;
        if (settings.Rate > 0)
        {
            foreach (var worker in _workers)
            {
                worker.Wake(now);
                waiting |= worker.IsWaiting;
            }
        }
        driver.Turn(waiting ? 1 : 50);
        if (progress is not null && Stopwatch.GetElapsedTime(_shownAt, now).TotalSeconds >= 0.5)
            Show(now);
    }

    private void Show(long now)
    {
        var rate = (_recorder.Done - _shownDone) / Stopwatch.GetElapsedTime(_shownAt, now).TotalSeconds;
        progress!.Write($"\r{settings.Label}: {(_recorder.IsOn ? $"{_recorder.Done:n0} done, {rate:n0}/s" : "warming up")}{_recorder.FirstError,-20}\e[K");
        (_shownAt, _shownDone) = (now, _recorder.Done);
    }

    private RunResult Sum(WatchFanOut? fanOut)
    {
        progress?.Write("\r\e[K");
        var missing = fanOut is null ? 0 : (fanOut.Written * settings.Watchers) - fanOut.Seen;
        var result = RunResult.Of(settings.Label, settings.Clients, _recorder);
        var errors = new Dictionary<string, long>(result.Errors);
        if (missing != 0)
            errors["events that did not come within a minute"] = missing;
        if (!settings.Gzip && _listed.FirstOrDefault(n => n < settings.Objects, settings.Objects) is var found && found < settings.Objects)
            errors[$"a list held {found} of {settings.Objects} objects"] = 1;
        return result with { Errors = errors };
    }

    [GeneratedRegex(""""resourceVersion":"(\d+)"""")]
    private static partial Regex ListRevision();
}
