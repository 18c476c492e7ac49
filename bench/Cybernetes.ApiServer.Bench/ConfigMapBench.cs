using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;

namespace Cybernetes.ApiServer.Bench;

/// <summary>The pieces of work over one ConfigMap of 1 KB, as clusters and their benchmarks write by the thousand.</summary>
internal sealed class ConfigMapBench
{
    private readonly ConfigMapKind _kind = new();
    private readonly ServedVersion _version;
    private readonly WriteContext _context;
    private readonly byte[] _body;
    private readonly byte[] _changed;
    private readonly Record _record;

    public ConfigMapBench()
    {
        _version = _kind.Served[0];
        _context = new()
        {
            User = UserInfo.Anonymous, Now = DateTimeOffset.UnixEpoch, Namespace = "shop", Identities = IdentitySource.Seeded(1), FieldManager = "bench",
        };
        const string head = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"shop","labels":{"app":"web"}},"data":{"a":""" + "\"";
        _body = Encoding.UTF8.GetBytes($"{head}{new string('x', 1000)}\"}}}}");
        var (json, offset) = Create();
        _record = RecordOf(json, offset).GetAwaiter().GetResult();
        _changed = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_record.Value.Span).Replace("\"a\":\"xx", "\"a\":\"yy"));
    }

    public IReadOnlyList<(string Name, Func<object?> Work)> Works =>
    [
        ("ConfigMap: create, to the stored bytes", () => Create().Json),
        ("  ConfigMap: decode", () => Decode(_body)),
        ("  ConfigMap: owners of a create", () => Owners()),
        ("ConfigMap: update", () => Update(_changed)),
    ];

    private static async Task<Record> RecordOf(byte[] json, int revisionOffset)
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        return (await store.PutAsync("/registry/configmaps/shop/web", json, revisionOffset)).Value.Record!;
    }

    private IKubernetesObject Decode(ReadOnlyMemory<byte> json)
    {
        var reader = new Utf8JsonReader(json.Span, JsonLimits.ReaderOptions);
        reader.Read();
        return _version.Decode(ref reader, new DecodeContext { Source = json });
    }

    private (byte[] Json, int Offset) Create()
    {
        var obj = Decode(_body);
        _kind.ApplyDefaults(obj);
        FieldOwners.Keep(Write(), obj, null);
        MetadataRules.PrepareCreate(_kind, obj, _context);
        Check(obj, null);
        return StoredJson.Encode(_kind, obj);
    }

    private object? Owners()
    {
        var obj = _kind.DecodeStored(_record.Value);
        obj.Metadata.ManagedFields = null;
        FieldOwners.Keep(Write(), obj, null);
        return obj.Metadata.ManagedFields;
    }

    private byte[] Update(ReadOnlyMemory<byte> json)
    {
        var old = _kind.DecodeStored(_record.Value);
        var obj = Decode(json);
        _kind.ApplyDefaults(obj);
        FieldOwners.Keep(Write(), obj, new(_record, old));
        MetadataRules.PrepareUpdate(_kind, obj, old, _context);
        Check(obj, old);
        return StoredJson.Encode(_kind, obj).Json;
    }

    private void Check(IKubernetesObject obj, IKubernetesObject? old)
    {
        var errors = new FieldErrorList();
        if (old is null)
            MetadataRules.Check(_kind, obj, errors);
        else
            MetadataRules.CheckUpdate(obj, old, errors);
        WriteStrategy.Object.Check(_kind, obj, old, errors);
        if (errors.Count > 0)
            throw new InvalidOperationException(errors.Aggregate());
    }

    private ObjectWrite Write() => new() { Kind = _kind, Name = "web", Context = _context, Version = _version, Produce = _ => default };
}
