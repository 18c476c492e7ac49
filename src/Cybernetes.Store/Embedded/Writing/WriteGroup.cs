using Cybernetes.Store.Embedded.Journal;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>Requests that become one commit, and what they make of the state. Used again when it is done.</summary>
internal sealed class WriteGroup
{
    private CommitBatch? _batch;
    private StoreState? _start;

    public List<WriteRequest> Requests { get; } = [];

    public JournalBatch Journal { get; } = new();

    public CompactionSlice Slice { get; } = new();

    /// <summary>Bytes of values in it.</summary>
    public long Bytes { get; private set; }

    /// <summary>The state in the making.</summary>
    public CommitBatch Batch => _batch!;

    /// <summary>The state it is built upon, which may still be on its way to the disk.</summary>
    public StoreState Start => _start!;

    /// <summary>What it makes of the state; null until it is sealed.</summary>
    public StoreState? State { get; private set; }

    public void Begin(StoreState start, LeaseTable leases) =>
        (_start, _batch) = (start, new CommitBatch(start, leases, Journal));

    public void Add(WriteRequest request)
    {
        Requests.Add(request);
        Bytes += request.Bytes;
    }

    /// <summary>Nothing more is added: others may build upon its state.</summary>
    public StoreState Seal() => State = Journal.IsEmpty ? Start : Batch.ToState();

    public void Clear()
    {
        Requests.Clear();
        Journal.Clear();
        Slice.Clear();
        (Bytes, _batch, _start, State) = (0, null, null, null);
    }
}
