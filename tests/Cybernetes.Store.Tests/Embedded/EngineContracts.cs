using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Tests.Contract;

namespace Cybernetes.Store.Tests.Embedded;

// The contract over the embedded engine, in memory and on disk.

public class InMemoryKeyValueTests : KeyValueContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => new(EmbeddedStore.OpenInMemory(clock));
}

public class InMemoryTransactionTests : TransactionContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => new(EmbeddedStore.OpenInMemory(clock));
}

public class InMemoryWatchTests : WatchContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => new(EmbeddedStore.OpenInMemory(clock));
}

public class InMemoryWriterWatchTests : InMemoryWatchTests
{
    protected override bool GoesOnWithWriter => true;
}

public class InMemoryCompactionTests : CompactionContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => new(EmbeddedStore.OpenInMemory(clock));
}

public class InMemoryLeaseTests : LeaseContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => new(EmbeddedStore.OpenInMemory(clock));
}

public class DurableKeyValueTests : KeyValueContract
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) =>
        new(EmbeddedStore.Open(_folder.Path, clock).Value);

    protected override ValueTask CleanUpAsync() => _folder.DisposeAsync();
}

public class DurableTransactionTests : TransactionContract
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) =>
        new(EmbeddedStore.Open(_folder.Path, clock).Value);

    protected override ValueTask CleanUpAsync() => _folder.DisposeAsync();
}

public class DurableWatchTests : WatchContract
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) =>
        new(EmbeddedStore.Open(_folder.Path, clock).Value);

    protected override ValueTask CleanUpAsync() => _folder.DisposeAsync();
}

public class DurableCompactionTests : CompactionContract
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) =>
        new(EmbeddedStore.Open(_folder.Path, clock).Value);

    protected override ValueTask CleanUpAsync() => _folder.DisposeAsync();
}

public class DurableLeaseTests : LeaseContract
{
    private readonly TemporaryFolder _folder = new();

    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) =>
        new(EmbeddedStore.Open(_folder.Path, clock).Value);

    protected override ValueTask CleanUpAsync() => _folder.DisposeAsync();
}
