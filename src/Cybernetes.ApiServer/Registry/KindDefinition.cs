using System.Runtime.CompilerServices;
using System.Text.Json;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// All that the registry knows of one kind. Built-in kinds derive from <see cref="KindDefinition{T}"/>; a kind whose type is known at run time
/// only (a CRD's) derives from this class. Instances are immutable and shared.
/// </summary>
public abstract class KindDefinition
{
    private IReadOnlyList<ServedVersion>? _served;
    private FieldVersions? _fieldVersions;
    private StrongBox<KeyRange>? _keys; // boxed: requests read it while another makes it

    /// <summary>API group of the storage version.</summary>
    public abstract string Group { get; }

    /// <summary>Storage version.</summary>
    public abstract string Version { get; }

    /// <summary>Kind such as <c>Pod</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Resource name in URLs, such as <c>pods</c>.</summary>
    public abstract string Plural { get; }

    /// <summary>Singular resource name.</summary>
    public virtual string Singular => Kind.ToLowerInvariant();

    /// <summary>Short names such as <c>po</c>.</summary>
    public virtual IReadOnlyList<string> ShortNames => [];

    /// <summary>Categories such as <c>all</c>.</summary>
    public virtual IReadOnlyList<string> Categories => [];

    /// <summary>Whether objects live in namespaces.</summary>
    public abstract bool Namespaced { get; }

    /// <summary>Where objects are stored, below <c>/registry/</c>, as upstream: mostly the plural.</summary>
    public virtual string StoragePath => Plural;

    /// <summary>The keys of all its objects. Made once.</summary>
    internal KeyRange AllKeys => (_keys ??= new(KeyRange.Prefix($"/registry/{StoragePath}/"))).Value;

    /// <summary>Group and resource of the storage version, for failures.</summary>
    public QualifiedResource Resource => new(Group, Plural);

    /// <summary>The feature gate without which the kind is not served; null when there is none.</summary>
    public virtual string? FeatureGate => null;

    /// <summary>The versions that can be served, the storage version among them; <see cref="ApiEnablement"/> chooses. Made once.</summary>
    public IReadOnlyList<ServedVersion> Served => _served ??= MakeServed();

    /// <summary>Whether objects travel as protobuf, too. Kinds that clients know as custom resources do not.</summary>
    public virtual bool SpeaksProtobuf => true;

    /// <summary>What clients may do with the kind.</summary>
    public virtual KindVerbs Verbs => KindVerbs.All;

    /// <summary>Fields that selectors may name beside name and namespace.</summary>
    public virtual IReadOnlyList<SelectableField> SelectableFields => [];

    /// <summary>Heads of the table's columns.</summary>
    public abstract IReadOnlyList<ColumnDefinition> ColumnDefinitions { get; }

    /// <summary>Whether PUT of a name that is not there creates it.</summary>
    public virtual bool AllowCreateOnUpdate => false;

    /// <summary>Whether PUT without a resourceVersion overwrites whatever is there.</summary>
    public virtual bool AllowUnconditionalUpdate => true;

    /// <summary>Whether there is a <c>status</c> subresource.</summary>
    public virtual bool HasStatus => false;

    /// <summary>Whether there is a <c>scale</c> subresource.</summary>
    public virtual bool HasScale => false;

    /// <summary>Fields, as dotted paths, that a write of the object itself cannot set and therefore does not come to own.</summary>
    public virtual IReadOnlyList<string> FieldsKeptOnWrite => HasStatus ? ["status"] : [];

    /// <summary>The same for a write of the status.</summary>
    public virtual IReadOnlyList<string> FieldsKeptOnStatusWrite => ["spec"];

    /// <summary>Subresources beside status and scale.</summary>
    public virtual IReadOnlyList<Subresource> Subresources => [];

    /// <summary>What is wrong with a name; empty when it is fine. A generateName is checked with its trailing dash masked.</summary>
    public virtual IReadOnlyList<string> NameProblems(string name) => Names.Dns1123Subdomain(name);

    /// <summary>Whether a deletion answers with the object instead of a Status.</summary>
    public virtual bool ReturnsDeletedObject => false;

    /// <summary>How long after its last write an object is kept; zero for ever. Events live an hour (<c>--event-ttl</c>).</summary>
    public virtual TimeSpan TimeToLive => TimeSpan.Zero;

    /// <summary>What is done with dependents when a delete says nothing of it.</summary>
    public virtual string DefaultPropagation => "Background";

    /// <summary>Warning of a deletion that does not say what becomes of the dependents; null when there is none.</summary>
    public virtual string? SilentDeletionWarning => null;

    /// <summary>Reads a stored object.</summary>
    public abstract IKubernetesObject DecodeStored(ReadOnlyMemory<byte> json);

    /// <summary>A copy that shares nothing mutable.</summary>
    public abstract IKubernetesObject Clone(IKubernetesObject obj);

    /// <summary>Cells of one row, one for each column.</summary>
    public abstract object?[] Row(IKubernetesObject obj, DateTimeOffset now);

    /// <summary>Whether an update of an object that is being deleted takes the last hindrance away, so that it goes now.</summary>
    public virtual bool IsReadyToGo(IKubernetesObject obj, IKubernetesObject old) =>
        obj.Metadata.Finalizers is not { Count: > 0 } && old.Metadata.DeletionTimestamp is not null
        && (old.Metadata.DeletionGracePeriodSeconds ?? 0) == 0;

    /// <summary>Whether a deleted object stays although it has no finalizers in its metadata: a namespace's own.</summary>
    public virtual bool StaysWhenMarked(IKubernetesObject obj) => false;

    /// <summary>Called when a deletion gives the object its deletionTimestamp.</summary>
    public virtual void OnMarkedForDeletion(IKubernetesObject obj)
    {
    }

    /// <summary>Where the objects come from when they are not stored; null for stored kinds.</summary>
    internal virtual IComputedObjects? Computed => null;

    /// <summary>The kind as the keeping of field owners sees it.</summary>
    internal FieldVersions FieldVersions => _fieldVersions ??= new(this);

    internal abstract void ApplyDefaults(IKubernetesObject obj);

    internal abstract void PrepareCreate(IKubernetesObject obj, WriteContext context);

    internal abstract void PrepareUpdate(IKubernetesObject obj, IKubernetesObject old, WriteContext context);

    internal abstract void PrepareStatus(IKubernetesObject obj, IKubernetesObject old, WriteContext context);

    internal abstract void Check(IKubernetesObject obj, FieldErrorList errors);

    internal abstract void CheckCreate(IKubernetesObject obj, FieldErrorList errors);

    internal abstract void CheckUpdate(IKubernetesObject obj, IKubernetesObject old, FieldErrorList errors);

    internal abstract void CheckStatus(IKubernetesObject obj, IKubernetesObject old, FieldErrorList errors);

    internal abstract void CollectWarnings(IKubernetesObject obj, IKubernetesObject? old, WriteContext context);

    internal abstract ValueTask PlanWriteAsync(IKubernetesObject? obj, IKubernetesObject? old, WritePlan plan, CancellationToken cancellation);

    internal abstract long? DeletionGraceSeconds(IKubernetesObject obj, DeleteOptions options);

    internal abstract ScaleView ReadScale(IKubernetesObject obj);

    internal abstract void WriteScale(IKubernetesObject obj, int replicas);

    private protected abstract IReadOnlyList<ServedVersion> MakeServed();
}

/// <summary>The part of an object that its scale subresource shows.</summary>
/// <param name="SpecReplicas">Wanted.</param>
/// <param name="StatusReplicas">Observed.</param>
/// <param name="Selector">Label selector of the pods, as text.</param>
public readonly record struct ScaleView(int SpecReplicas, int StatusReplicas, string Selector);

/// <summary>How the scale subresource reads and writes a kind.</summary>
/// <param name="Read">The view of an object.</param>
/// <param name="Write">Sets the wanted replicas.</param>
public sealed record ScaleAccess<T>(Func<T, ScaleView> Read, Action<T, int> Write);

/// <summary>
/// A built-in kind over its generated class. One file a kind: override what differs from a plain stored object.
/// The order of a write: <see cref="Default"/> → mutating admission → Prepare… → Validate… → <see cref="PlanAsync"/> → store.
/// Names and scope come from the class's facts.
/// </summary>
public abstract class KindDefinition<T> : KindDefinition where T : class, IKubernetesObject<T>
{
    private IReadOnlyList<ColumnDefinition>? _definitions;

    /// <inheritdoc/>
    public override string Group => T.Facts.Group;

    /// <inheritdoc/>
    public override string Version => T.Facts.Version;

    /// <inheritdoc/>
    public override string Kind => T.Facts.Kind;

    /// <inheritdoc/>
    public override string Plural => T.Facts.Plural ?? throw new InvalidOperationException($"{Kind} is no resource");

    /// <inheritdoc/>
    public override bool Namespaced => T.Facts.Namespaced;

    /// <summary>Columns of the table; Name and Created At by default.</summary>
    public virtual IReadOnlyList<Column<T>> Columns => [Column<T>.Name, Column<T>.CreatedAt];

    /// <inheritdoc/>
    public sealed override IReadOnlyList<ColumnDefinition> ColumnDefinitions => _definitions ??= [.. Columns.Select(c => c.Definition)];

    /// <summary>Versions beside the storage version, made by <see cref="ConvertedVersion{TServed,TStored}"/>.</summary>
    protected virtual IReadOnlyList<ServedVersion> OtherVersions => [];

    /// <summary>Text of the Warning header that every request of the storage version gets; null when it is not deprecated.</summary>
    protected virtual string? Deprecation => null;

    /// <summary>Whether the storage version itself is one that upstream has removed (<see cref="ServedVersion.IsOlder"/>).</summary>
    protected virtual bool IsOlder => false;

    /// <summary>How the scale subresource sees the kind; null when there is none.</summary>
    protected virtual ScaleAccess<T>? Scale => null;

    /// <inheritdoc/>
    public sealed override bool HasScale => Scale is not null;

    /// <summary>Fills in what upstream's defaults fill in. Runs on every write, so it must leave set fields alone.</summary>
    protected virtual void Default(T obj)
    {
    }

    /// <summary>Before a create: resets what clients may not set (status), sets the first generation. Metadata's own fields are done.</summary>
    protected virtual void PrepareForCreate(T obj, WriteContext context)
    {
    }

    /// <summary>Before an update: keeps the old status, counts the generation up when the spec changed.</summary>
    protected virtual void PrepareForUpdate(T obj, T old, WriteContext context)
    {
    }

    /// <summary>Before an update of status: keeps everything but the status. Must be overridden by kinds with a status.</summary>
    protected virtual void PrepareForStatusUpdate(T obj, T old, WriteContext context) =>
        throw new InvalidOperationException($"{Kind} has no status strategy");

    /// <summary>Field errors of an object as it is; on update too. Metadata is checked by the registry.</summary>
    protected virtual void Validate(T obj, FieldErrorList errors)
    {
    }

    /// <summary>Field errors of a new object only. <see cref="Validate"/> runs before it.</summary>
    protected virtual void ValidateCreate(T obj, FieldErrorList errors)
    {
    }

    /// <summary>Field errors of a change: immutable fields. <see cref="Validate"/> runs beside it.</summary>
    protected virtual void ValidateUpdate(T obj, T old, FieldErrorList errors)
    {
    }

    /// <summary>Field errors of a change of status. Nothing else runs.</summary>
    protected virtual void ValidateStatusUpdate(T obj, T old, FieldErrorList errors)
    {
    }

    /// <summary>Adds Warning headers for legal but doubtful input.</summary>
    protected virtual void Warn(T obj, T? old, WriteContext context)
    {
    }

    /// <summary>
    /// Adds to the transaction that writes the object what has to be atomic with it; may still change <paramref name="obj"/> (allocated
    /// addresses). <paramref name="obj"/> is null when the object goes, <paramref name="old"/> when it comes.
    /// </summary>
    protected virtual ValueTask PlanAsync(T? obj, T? old, WritePlan plan, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <summary>
    /// Seconds that a deleted object keeps existing with a deletionTimestamp before someone deletes it for good; null or 0 when it goes at once.
    /// </summary>
    protected virtual long? GracePeriodSeconds(T obj, DeleteOptions options) => null;

    /// <inheritdoc/>
    public sealed override IKubernetesObject DecodeStored(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, JsonLimits.ReaderOptions);
        reader.Read();
        return T.ReadJson(ref reader, new DecodeContext(collectStrict: false) { Source = json });
    }

    /// <inheritdoc/>
    public sealed override IKubernetesObject Clone(IKubernetesObject obj) => ((T)obj).DeepClone();

    /// <inheritdoc/>
    public sealed override object?[] Row(IKubernetesObject obj, DateTimeOffset now)
    {
        var columns = Columns;
        var cells = new object?[columns.Count];
        for (var i = 0; i < cells.Length; i++)
            cells[i] = columns[i].Cell((T)obj, now);
        return cells;
    }

    internal sealed override void ApplyDefaults(IKubernetesObject obj) => Default((T)obj);

    internal sealed override void PrepareCreate(IKubernetesObject obj, WriteContext context) => PrepareForCreate((T)obj, context);

    internal sealed override void PrepareUpdate(IKubernetesObject obj, IKubernetesObject old, WriteContext context) =>
        PrepareForUpdate((T)obj, (T)old, context);

    internal sealed override void PrepareStatus(IKubernetesObject obj, IKubernetesObject old, WriteContext context) =>
        PrepareForStatusUpdate((T)obj, (T)old, context);

    internal sealed override void Check(IKubernetesObject obj, FieldErrorList errors) => Validate((T)obj, errors);

    internal sealed override void CheckCreate(IKubernetesObject obj, FieldErrorList errors) => ValidateCreate((T)obj, errors);

    internal sealed override void CheckUpdate(IKubernetesObject obj, IKubernetesObject old, FieldErrorList errors) =>
        ValidateUpdate((T)obj, (T)old, errors);

    internal sealed override void CheckStatus(IKubernetesObject obj, IKubernetesObject old, FieldErrorList errors) =>
        ValidateStatusUpdate((T)obj, (T)old, errors);

    internal sealed override void CollectWarnings(IKubernetesObject obj, IKubernetesObject? old, WriteContext context) =>
        Warn((T)obj, (T?)old, context);

    internal sealed override ValueTask PlanWriteAsync(
        IKubernetesObject? obj, IKubernetesObject? old, WritePlan plan, CancellationToken cancellation) =>
        PlanAsync((T?)obj, (T?)old, plan, cancellation);

    internal sealed override long? DeletionGraceSeconds(IKubernetesObject obj, DeleteOptions options) => GracePeriodSeconds((T)obj, options);

    internal sealed override ScaleView ReadScale(IKubernetesObject obj) => Scale!.Read((T)obj);

    internal sealed override void WriteScale(IKubernetesObject obj, int replicas) => Scale!.Write((T)obj, replicas);

    private protected sealed override IReadOnlyList<ServedVersion> MakeServed() =>
        [new StorageVersion<T> { DeprecationWarning = Deprecation, IsOlder = IsOlder }, .. OtherVersions];
}
