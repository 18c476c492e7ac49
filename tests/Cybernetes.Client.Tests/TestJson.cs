using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Client.Tests;

internal static class TestJson
{
    public static T Read<T>(string json)
        where T : class, IWireObject<T>
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return T.ReadJson(ref reader, new DecodeContext());
    }
}
