using Cybernetes.Client.LeaderElection;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects.Coordination.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Client.Tests.LeaderElection;

public sealed class LeaderElectorTests : IAsyncDisposable
{
    private const string LeasePath = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/part";

    private readonly VirtualTimeProvider _time = new();
    private readonly MemoryApi _api = new();
    private readonly List<string> _terms = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private int _leading;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [Fact]
    public async Task Elector_NoLease_MakesItAndHandsItBack()
    {
        (LeaderElector elector, Task running, CancellationTokenSource stop) = Start("one");
        await Until(() => elector.IsLeader);
        Assert.Equal("one", Holder());
        Assert.Equal(15, _api.Find(LeasePath)!["spec"]!["leaseDurationSeconds"]!.GetValue<int>());
        Assert.Equal(0, Transitions());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("", Holder());
    }

    [Fact]
    public async Task Electors_LeaderStopsInOrder_OtherTakesOverSoon()
    {
        (LeaderElector one, Task runningOne, CancellationTokenSource stopOne) = Start("one");
        await Until(() => one.IsLeader);
        (LeaderElector two, _, _) = Start("two");
        await _time.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(["one+"], Terms());
        Assert.Equal("one", two.Leader);

        await stopOne.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runningOne);
        DateTimeOffset released = _time.GetUtcNow();
        await Until(() => two.IsLeader);
        // One retry period with full jitter at the most, by far less than the lease's duration.
        Assert.InRange((_time.GetUtcNow() - released).TotalSeconds, 0, 12);
        await Until(() => Terms().Length == 3);
        Assert.Equal(["one+", "one-", "two+"], Terms());
        Assert.Equal(1, Transitions());
    }

    [Fact]
    public async Task Electors_LeaderCutOff_StopsBeforeTheOtherLeads()
    {
        var view = new MemoryApiView(_api);
        (LeaderElector one, Task runningOne, _) = Start("one", view);
        await Until(() => one.IsLeader);
        (LeaderElector two, _, _) = Start("two");
        await _time.AdvanceAsync(TimeSpan.FromSeconds(5));

        view.IsCut = true;
        await Until(() => two.IsLeader);
        await Assert.ThrowsAsync<LeadershipLostException>(() => runningOne);
        await Until(() => Terms().Length == 3);
        Assert.Equal(["one+", "one-", "two+"], Terms());
        Assert.False(one.IsLeader);
    }

    [Fact]
    public async Task Elector_WorkOutlivesItsTerm_CannotWriteAnyMore()
    {
        var view = new MemoryApiView(_api);
        LeaderElector one = Elector("one", view);
        var client = new TaskCompletionSource<ApiClient>();
        var hangs = new TaskCompletionSource();
        // As one that was paused: it does not hear that its term is over.
        _running.Add(one.RunFencedAsync((fenced, _) =>
        {
            client.SetResult(fenced);
            return hangs.Task;
        }, _stop.Token));
        await Until(() => client.Task.IsCompleted);
        ApiClient work = await client.Task;
        Lease mark = new() { Metadata = { Namespace = "kube-system", Name = "mark" } };
        await work.For<Lease>().CreateAsync(mark);

        view.IsCut = true;
        Start("two");
        await Until(() => Holder() == "two");
        view.IsCut = false;

        await Assert.ThrowsAsync<WriteFencedException>(() => work.For<Lease>().DeleteAsync("kube-system", "mark"));
        Assert.NotNull(await work.For<Lease>().FindAsync("kube-system", "mark"));
        hangs.SetResult();
    }

    [Fact]
    public async Task Elector_ShortOutage_KeepsTheLease()
    {
        var view = new MemoryApiView(_api);
        (LeaderElector elector, _, _) = Start("one", view);
        await Until(() => elector.IsLeader);
        view.IsCut = true;
        await _time.AdvanceAsync(TimeSpan.FromSeconds(8));
        view.IsCut = false;
        await _time.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.True(elector.IsLeader);
        Assert.Equal(["one+"], Terms());
    }

    [Fact]
    public async Task Elector_WorkFails_ReleasesAndThrowsTheFailure()
    {
        LeaderElector elector = Elector("one", _api);
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => elector.RunAsync(_ => throw new InvalidOperationException("broken"), CancellationToken.None));
        Assert.Equal("broken", failure.Message);
        Assert.Equal("", Holder());
    }

    [Fact]
    public void Options_ThatContradict_AreRefused()
    {
        LeaderElectionOptions options = new() { LeaseName = "part", Identity = "one", RenewDeadline = TimeSpan.FromSeconds(15) };
        Assert.Throws<ArgumentException>(() => new LeaderElector(_api.Client(_time), options, NullLogger.Instance));
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    [InlineData(5, 2)] // and ten more to try again: the lease would have run out
    public void Options_RenewPeriod_HoldsWhereItLeavesTimeToTryAgain(int? seconds, int expected)
    {
        LeaderElectionOptions options = new() { LeaseName = "part", Identity = "one", RenewPeriod = seconds is { } s ? TimeSpan.FromSeconds(s) : null };
        Assert.Equal(TimeSpan.FromSeconds(expected), options.PauseAfterRenewal);
    }

    private (
        LeaderElector Elector, Task Running, CancellationTokenSource Stop) Start(string identity, HttpMessageHandler? way = null)
    {
        LeaderElector elector = Elector(identity, way ?? _api);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task running = elector.RunAsync(cancellation => LeadAsync(identity, cancellation), stop.Token);
        _running.Add(running);
        return (elector, running, stop);
    }

    private LeaderElector Elector(string identity, HttpMessageHandler way)
    {
        var client = new ApiClient(way, new Uri("http://api.test"), ScriptedApi.OptionsFor(_time) with { MaxConnectRetries = 0 });
        return new LeaderElector(
            client, new LeaderElectionOptions { LeaseName = "part", Identity = identity }, NullLogger.Instance);
    }

    private async Task LeadAsync(string name, CancellationToken cancellation)
    {
        Assert.Equal(1, Interlocked.Increment(ref _leading));
        Note(name + "+");
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = cancellation.Register(() => stopped.SetResult());
        await stopped.Task;
        Interlocked.Decrement(ref _leading);
        Note(name + "-");
    }

    private void Note(string term)
    {
        lock (_terms)
            _terms.Add(term);
    }

    private string[] Terms()
    {
        lock (_terms)
            return [.. _terms];
    }

    private string Holder() => _api.Find(LeasePath)!["spec"]!["holderIdentity"]?.GetValue<string>() ?? "";

    private int Transitions() => _api.Find(LeasePath)!["spec"]!["leaseTransitions"]!.GetValue<int>();

    private async Task Until(Func<bool> condition)
    {
        for (int i = 0; i < 1000 && !condition(); i++)
            await _time.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        Assert.True(condition());
    }

    /// <summary>One candidate's way to the server, which may be cut.</summary>
    private sealed class MemoryApiView(MemoryApi api) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker _invoker = new(api, disposeHandler: false);

        public bool IsCut { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            IsCut
                ? Task.FromException<HttpResponseMessage>(new HttpRequestException(HttpRequestError.ConnectionError, "cut"))
                : _invoker.SendAsync(request, cancellationToken);
    }
}
