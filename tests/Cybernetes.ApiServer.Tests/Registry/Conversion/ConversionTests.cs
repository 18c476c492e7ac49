using System.Buffers;
using System.Text.Json;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;
using Cybernetes.Wire;
using Cybernetes.Wire.Tests;

namespace Cybernetes.ApiServer.Tests.Registry.Conversion;

/// <summary>Every kind in every version, filled at random from its facts: nothing is lost on the way to the stored form and back.</summary>
public sealed class ConversionTests
{
    private const int Rounds = 6;

    [Fact]
    public async Task EveryServedVersion_ToStoredAndBack_LosesNothing()
    {
        await using var server = await EverythingServer.StartAsync();
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var served in server.Host.Services.Catalog.Served)
        {
            if (served.Version.Facts is not { } facts)
                continue;
            var filler = new FactsFiller(7);
            for (var i = 0; i < Rounds; i++)
            {
                var original = filler.Fill(facts, 0);
                original["apiVersion"] = served.Version.APIVersion;
                original["kind"] = served.Version.Kind;
                foreach (var path in Check(served, facts, original).Where(p => !ConversionLosses.IsKnown(served.Version, p)))
                    wrong.Add($"{served.Version.APIVersion} {served.Version.Kind}: {path}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>There and back once: what is lost; there and back again: what changes; and for the storage version what is invented.</summary>
    private static IEnumerable<string> Check(ServedKind served, TypeFacts facts, JsonMap original)
    {
        var (once, findings) = Trip(served, original);
        foreach (var finding in findings)
            yield return finding;
        foreach (var path in FactsDifference.Lost(original, once, facts))
            yield return "lost " + path;
        if (served.Version.IsStorage)
        {
            foreach (var path in FactsDifference.Lost(once, original, facts))
                yield return "invented " + path;
        }
        var (twice, _) = Trip(served, once);
        foreach (var path in FactsDifference.Lost(once, twice, facts).Concat(FactsDifference.Lost(twice, once, facts)))
            yield return "unstable " + path;
    }

    private static (JsonMap Object, IReadOnlyList<string> Findings) Trip(ServedKind served, JsonMap json)
    {
        var bytes = json.ToUtf8();
        var context = new DecodeContext(collectStrict: true) { Source = bytes };
        var reader = new Utf8JsonReader(bytes, JsonLimits.ReaderOptions);
        reader.Read();
        var stored = served.Version.Decode(ref reader, context);
        var kept = served.Kind.DecodeStored(StoredJson.Write(served.Kind, stored));
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonLimits.WriterOptions))
            served.Version.Encode(kept, writer);
        return ((JsonMap)JsonTree.Parse(buffer.WrittenSpan), [.. context.StrictFindings]);
    }
}
