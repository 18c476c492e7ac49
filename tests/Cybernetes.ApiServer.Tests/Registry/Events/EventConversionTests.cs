using System.Text;
using System.Text.Json;
using Cybernetes.ApiServer.Registry.Events;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Tests.Registry.Events;

public sealed class EventConversionTests
{
    [Fact]
    public void Event_ToStoredAndBack_LosesNothing()
    {
        const string Json = """
            {"kind":"Event","apiVersion":"events.k8s.io/v1","metadata":{"name":"e","namespace":"default"},"eventTime":"2026-01-02T03:04:05.000006Z",
             "series":{"count":2,"lastObservedTime":"2026-01-02T03:04:06.000000Z"},"reportingController":"a/b","reportingInstance":"i",
             "action":"Bind","reason":"R","regarding":{"kind":"Pod","name":"p"},"related":{"kind":"Node","name":"n"},"note":"text","type":"Normal",
             "deprecatedSource":{"component":"c"},"deprecatedFirstTimestamp":"2026-01-02T03:04:05Z","deprecatedLastTimestamp":"2026-01-02T03:04:06Z","deprecatedCount":3}
            """;
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(Json));
        reader.Read();
        var given = Objects.Events.V1.Event.ReadJson(ref reader, new DecodeContext(collectStrict: false));
        var stored = EventConversion.ToStored(given);
        Assert.Equal("text", stored.Message);
        Assert.Equal("p", stored.InvolvedObject.Name);
        var back = KindBench.Json(EventConversion.FromStored(stored));
        Assert.True(KindBench.SameJson(Json, back), back);
    }
}
