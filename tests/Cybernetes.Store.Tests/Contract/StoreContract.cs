using System.Text;
using Cybernetes.Foundation;

namespace Cybernetes.Store.Tests.Contract;

/// <summary>
/// What every engine has to do. An engine's tests derive one class from each class of this folder and give it a store.
/// </summary>
public abstract class StoreContract : IAsyncLifetime
{
    private IStore? _store;

    protected VirtualTimeProvider Clock { get; } = new();

    protected IStore Store => _store!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _store = await OpenAsync(Clock);

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A new, empty store.</summary>
    protected abstract ValueTask<IStore> OpenAsync(VirtualTimeProvider clock);

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected static string Text(Record? record) => record is null ? "(none)" : Encoding.UTF8.GetString(record.Value.Span);

    protected async Task<WriteResult> PutAsync(string key, string value, long lease = 0) =>
        (await Store.PutAsync(key, Bytes(value), lease: lease, cancellation: Cancellation)).Value;

    protected async Task<WriteResult> DeleteAsync(string key) => (await Store.DeleteAsync(key, Cancellation)).Value;

    protected async Task<Record?> GetAsync(string key, long revision = 0) =>
        (await Store.GetAsync(key, revision, Cancellation)).Value.Record;

    protected async Task<RangeResult> RangeAsync(RangeRequest request) => (await Store.RangeAsync(request, Cancellation)).Value;

    protected async Task<TransactionResult> TransactAsync(Transaction transaction) =>
        (await Store.TransactAsync(transaction, Cancellation)).Value;

    protected async Task<StoreErrorKind?> FailureAsync(Transaction transaction) =>
        (await Store.TransactAsync(transaction, Cancellation)).Error?.Kind;

    /// <summary>"key=value" of each record.</summary>
    protected static string Show(IEnumerable<Record> records) =>
        string.Join(' ', records.Select(record => $"{record.Key}={Text(record)}"));

    /// <summary>
    /// "+key=value" for a creation, "~" for a change (with the value before), "-key(value before)" for a deletion.
    /// </summary>
    protected static string Show(WatchEvent change) => change switch
    {
        { IsDeletion: true } => $"-{change.Record.Key}({Text(change.Previous)})",
        { IsCreation: true } => $"+{change.Record.Key}={Text(change.Record)}",
        _ => $"~{change.Record.Key}={Text(change.Record)}({Text(change.Previous)})",
    };

    protected static string Show(WatchBatch batch) =>
        batch.Error is { } error ? error.Kind.ToString() : string.Join(' ', batch.Events.Select(Show));
}
