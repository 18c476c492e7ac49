using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Bench;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Cybernetes.Wire;

// Measures what a write costs before the store, the stages of one 3 KB pod and one 1 KB ConfigMap, and whole requests without their transport.
// Prints figures, asserts nothing: machines differ and are shared.
//   api-bench [FILTER]     default: all of it

var bench = new PodBench();
Console.WriteLine($"a pod of {bench.Body.Length} bytes as sent, {bench.Stored.Length} as stored");
Console.WriteLine($"{"",-64} {"least",8} {"median",8}");
await using var requests = await RequestBench.StartAsync();
var works = bench.Works.Concat(new ConfigMapBench().Works).Concat(requests.Works)
    .Where(w => args.Length == 0 || w.Name.Contains(args[0], StringComparison.OrdinalIgnoreCase)).ToList();
works.ForEach(w => Measure.WarmUp(w.Work));
works.ForEach(w => Measure.Run(w.Name, w.Work));

/// <summary>The pieces of work over one pod.</summary>
internal sealed class PodBench
{
    private const string Patch = """
        {"metadata":{"labels":{"tier":"backend"}},"spec":{"containers":[{"name":"web","image":"registry.example.com/shop/web:2.4.2"}]}}
        """;

    private static readonly ProtobufWriter s_writer = new(4096);
    private static readonly FieldFilter s_filter = FieldFilter.Excluding("status");
    private readonly KindDefinition _kind;
    private readonly ServedVersion _version;
    private readonly WriteContext _context;
    private readonly byte[] _patch = Encoding.UTF8.GetBytes(Patch);
    private readonly byte[] _other;
    private readonly byte[] _live;
    private readonly List<Cybernetes.Objects.Meta.V1.ManagedFieldsEntry>? _managed;
    private readonly byte[] _protobuf;
    private readonly Record _record;
    private readonly IKubernetesObject _decoded;
    private readonly byte[] _changed;

    public PodBench()
    {
        using var stream = typeof(PodBench).Assembly.GetManifestResourceStream("pod.json")!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        // As clients send it: without line breaks.
        Body = JsonTree.ParseMap(memory.ToArray()).ToUtf8();
        _other = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Body).Replace("web:2.4.1", "web:2.4.2").Replace("\"tier\":\"frontend\",", ""));
        _kind = new PodKind(null);
        _version = _kind.Served[0];
        _context = new()
        {
            User = UserInfo.Anonymous, Now = DateTimeOffset.UnixEpoch, Namespace = "shop", Identities = IdentitySource.Seeded(1), FieldManager = "bench",
        };
        Stored = Stages(Body);
        var applied = Apply(_version.Empty, Body, null, exists: false);
        var obj = Decode(applied.Json);
        _kind.ApplyDefaults(obj);
        obj.Metadata.ManagedFields = _managed = applied.Managed;
        (_live, var offset) = StoredJson.Encode(_kind, obj);
        _record = RecordOf(_live, offset).GetAwaiter().GetResult();
        _decoded = Decode(Stored);
        _changed = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_live).Replace("web:2.4.1", "web:2.4.2"));
        _protobuf = ProtobufOf(Stored);
        Works =
        [
            ("decode, default, validate, encode (JSON)", () => Stages(Body)),
            ("  decode", () => Decode(Body)),
            ("  encode", () => StoredJson.Encode(_kind, _decoded).Json),
            ("  default and validate", () => Checked(Body)),
            ("create: the same and owners kept", () => Create()),
            ("update: nothing changes, owners kept", () => Update(_live)),
            ("update: image changes, owners kept", () => Update(_changed)),
            ("strategic merge, to the stored bytes", () => Strategic()),
            ("  strategic merge alone", () => Merged()),
            ("apply again, to the stored bytes", () => Applied(Body)),
            ("apply a new image without a label, to the stored bytes", () => Applied(_other)),
            ("  apply alone", () => Apply(_live, _other, _managed, exists: true)),
            ("protobuf: decode", () => _version.DecodeProtobuf(ProtobufEnvelope.Open(_protobuf, out _, out _))),
            ("JSON: decode", () => Decode(Stored)),
            ("protobuf: encode", () => Encoded((IProtobufMessage)_decoded)),
            ("  protobuf of stored JSON", () => ProtobufOf(Stored)),
            ("JSON: encode", () => StoredJson.Encode(_kind, _decoded).Json),
        ];
    }

    public byte[] Body { get; }

    public byte[] Stored { get; }

    public IReadOnlyList<(string Name, Func<object?> Work)> Works { get; }

    private static byte[] Encoded(IProtobufMessage message)
    {
        s_writer.Clear();
        var start = ProtobufEnvelope.Start(s_writer, "v1", "Pod");
        message.WriteProtobuf(s_writer);
        ProtobufEnvelope.End(s_writer, start);
        return s_writer.ToArray();
    }

    private static async Task<Record> RecordOf(byte[] json, int revisionOffset)
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        return (await store.PutAsync("/registry/pods/shop/web", json, revisionOffset)).Value.Record!;
    }

    private IKubernetesObject Decode(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, JsonLimits.ReaderOptions);
        reader.Read();
        return _version.Decode(ref reader, new DecodeContext { Source = json });
    }

    private IKubernetesObject Checked(ReadOnlyMemory<byte> json)
    {
        var obj = Decode(json);
        _kind.ApplyDefaults(obj);
        Check(obj);
        return obj;
    }

    private void Check(IKubernetesObject obj)
    {
        var errors = new FieldErrorList();
        MetadataRules.Check(_kind, obj, errors);
        _kind.Check(obj, errors);
        _kind.CheckCreate(obj, errors);
        if (errors.Count > 0)
            throw new InvalidOperationException(errors.Aggregate());
    }

    private byte[] Stages(ReadOnlyMemory<byte> json) => StoredJson.Encode(_kind, Checked(json)).Json;

    private byte[] Create()
    {
        var obj = Decode(Body);
        _kind.ApplyDefaults(obj);
        FieldOwners.Keep(Write(), obj, null);
        Check(obj);
        return StoredJson.Encode(_kind, obj).Json;
    }

    private byte[] Update(ReadOnlyMemory<byte> json)
    {
        var obj = Decode(json);
        var old = Decode(_live);
        _kind.ApplyDefaults(obj);
        FieldOwners.Keep(Write(), obj, new(_record, old));
        Check(obj);
        return StoredJson.Encode(_kind, obj).Json;
    }

    private ObjectWrite Write() => new() { Kind = _kind, Name = "web", Context = _context, Version = _version, Produce = _ => default };

    private static byte[] ProtobufOf(byte[] json) => JsonToProtobuf.Write(json);

    private byte[] Merged() => StrategicMergePatch.Apply(_live, dropsManaged: true, _patch, PatchSchema.Of(_version.Facts!)).ToUtf8();

    private byte[] Strategic() => Stages(Merged());

    private byte[] Applied(byte[] body)
    {
        var applied = Apply(_live, body, _managed, exists: true);
        var obj = Checked(applied.Json);
        obj.Metadata.ManagedFields = applied.Managed;
        return StoredJson.Encode(_kind, obj).Json;
    }

    private AppliedObject Apply(
        ReadOnlyMemory<byte> live, byte[] body, List<Cybernetes.Objects.Meta.V1.ManagedFieldsEntry>? managed, bool exists) =>
        Apply(FieldOwners.WriteOf(_kind, _version, _context, s_filter), live, body, managed, exists);

    // As a server reads it: parsed once, and what stands twice is looked for.
    private static AppliedObject Apply(
        FieldWrite write, ReadOnlyMemory<byte> live, byte[] body, List<Cybernetes.Objects.Meta.V1.ManagedFieldsEntry>? managed, bool exists)
    {
        using var configuration = AppliedConfiguration.ParsePlain(body)!;
        return ServerSideApply.Apply(write, live, configuration, managed, exists, force: false);
    }
}
