using System.Buffers;
using System.Text.Json;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;

namespace Cybernetes.Testing;

/// <summary>Waiting for states of the cluster. A virtual clock is moved on meanwhile, from one due thing to the next.</summary>
public sealed partial class TestCluster
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until the objects of a kind are as a predicate wants them, and gives them.</summary>
    /// <param name="ns">The namespace; null for all, and for kinds without one.</param>
    /// <param name="holds">Looks at all objects of the kind there.</param>
    /// <param name="within">How long at most, by the cluster's clock. Default: one minute.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TestClusterTimeoutException">It did not come to that; the message tells what the cluster looks like.</exception>
    public Task<IReadOnlyList<T>> UntilAsync<T>(
        string? ns, Func<IReadOnlyList<T>, bool> holds, TimeSpan? within = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T> =>
        UntilAsync(
            async () =>
            {
                var list = await Client.For<T>().ListAllAsync(ns, null, cancellation).ConfigureAwait(false);
                return (holds(list.Items), (IReadOnlyList<T>)list.Items);
            },
            all => Said<T>(ns, null, all), within, cancellation);

    /// <summary>Waits until one object is there and as a predicate wants it, and gives it.</summary>
    /// <inheritdoc cref="UntilAsync{T}(string, Func{IReadOnlyList{T}, bool}, TimeSpan?, CancellationToken)"/>
    public async Task<T> UntilAsync<T>(
        string? ns, string name, Func<T, bool> holds, TimeSpan? within = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T>
    {
        var found = await UntilAsync(
            async () =>
            {
                var one = await Client.For<T>().FindAsync(ns, name, cancellation).ConfigureAwait(false);
                return (one is not null && holds(one), one);
            },
            one => Said<T>(ns, name, one is null ? [] : [one]), within, cancellation).ConfigureAwait(false);
        return found!;
    }

    /// <summary>Waits until an object's condition has a status, as <c>kubectl wait --for=condition=…</c> does.</summary>
    /// <inheritdoc cref="UntilAsync{T}(string, Func{IReadOnlyList{T}, bool}, TimeSpan?, CancellationToken)"/>
    public Task<T> UntilConditionAsync<T>(
        string? ns, string name, string condition, string status = "True", TimeSpan? within = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T> =>
        UntilAsync<T>(ns, name, one => HasCondition(one, condition, status), within, cancellation);

    /// <summary>Waits until there is no such object any more.</summary>
    /// <inheritdoc cref="UntilAsync{T}(string, Func{IReadOnlyList{T}, bool}, TimeSpan?, CancellationToken)"/>
    public Task UntilGoneAsync<T>(string? ns, string name, TimeSpan? within = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T> =>
        UntilAsync(
            async () =>
            {
                var one = await Client.For<T>().FindAsync(ns, name, cancellation).ConfigureAwait(false);
                return (one is null, one);
            },
            one => Said<T>(ns, name, one is null ? [] : [one]), within, cancellation);

    private async Task<T> UntilAsync<T>(
        Func<Task<(bool Holds, T Seen)>> look, Func<T, string> said, TimeSpan? within, CancellationToken cancellation)
    {
        var patience = within ?? s_patience;
        var deadline = _clock.GetUtcNow() + patience;
        var through = 0L;
        while (true)
        {
            if (_clock is VirtualTimeProvider)
                await _pulse.WhenStillAsync().ConfigureAwait(false);
            var (holds, seen) = await look().ConfigureAwait(false);
            if (holds)
                return seen;
            if (_parts.Failure is { } failure)
                throw await InVainAsync(failure.Message, said(seen), failure.InnerException, cancellation).ConfigureAwait(false);
            var left = deadline - _clock.GetUtcNow();
            if (left > TimeSpan.Zero && _clock is VirtualTimeProvider clock)
            {
                var due = clock.NextDue is { } next && next > clock.GetUtcNow() ? next - clock.GetUtcNow() : s_glance;
                await clock.AdvanceAsync(due < left ? due : left).WaitAsync(cancellation).ConfigureAwait(false);
                continue;
            }
            if (left <= TimeSpan.Zero)
            {
                // A virtual clock may be through before work that the cluster does not know of has been done at all.
                through = through == 0 ? TimeProvider.System.GetTimestamp() : through;
                if (_clock is not VirtualTimeProvider || TimeProvider.System.GetElapsedTime(through) >= _options.RealPatience)
                {
                    var why = $"what was waited for did not come within {patience} of the cluster's time.";
                    throw await InVainAsync(why, said(seen), null, cancellation).ConfigureAwait(false);
                }
            }
            await Task.Delay(s_glance, TimeProvider.System, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<TestClusterTimeoutException> InVainAsync(string why, string seen, Exception? cause, CancellationToken cancellation) =>
        new($"{why}\n{seen}\n{await ReportAsync(cancellation).ConfigureAwait(false)}", cause);

    /// <summary>Waits for a task of the cluster's; what it waits for itself comes, since time moves on.</summary>
    private async Task PumpAsync(Task task, CancellationToken cancellation)
    {
        while (_clock is VirtualTimeProvider clock && !task.IsCompleted)
        {
            await _pulse.WhenStillAsync().ConfigureAwait(false);
            if (!task.IsCompleted && !await clock.AdvanceToNextTimerAsync().WaitAsync(cancellation).ConfigureAwait(false))
                break;
        }
        await task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    private static string Said<T>(string? ns, string? name, IReadOnlyList<T> seen)
        where T : class, IKubernetesObject<T>
    {
        var where = (ns is null ? "" : " in " + ns) + (name is null ? "" : " of name " + name);
        return $"looked at: {T.Facts.Kind}{where}, {seen.Count} there"
            + string.Concat(seen.Take(20).Select(one => "\n  " + ObjectSketch.Of(T.Facts.Kind, Json(one).RootElement)));
    }

    private static bool HasCondition<T>(T value, string condition, string status)
        where T : class, IKubernetesObject<T>
    {
        using var json = Json(value);
        return ObjectSketch.Conditions(json.RootElement).Any(c => c.Type == condition && c.Status == status);
    }

    private static JsonDocument Json<T>(T value)
        where T : class, IKubernetesObject<T>
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            value.WriteJson(writer);
        return JsonDocument.Parse(buffer.WrittenMemory, JsonLimits.DocumentOptions);
    }
}

/// <summary>What was waited for did not come; the message tells what the cluster looked like.</summary>
public sealed class TestClusterTimeoutException(string message, Exception? cause = null) : Exception(message, cause);
