using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Tests.Registry.Conversion;

/// <summary>The sample objects of <c>Samples/samples.yaml</c>.</summary>
internal static class Samples
{
    public static IReadOnlyList<JsonMap> All { get; } = Read();

    private static List<JsonMap> Read()
    {
        using var stream = typeof(Samples).Assembly.GetManifestResourceStream("Cybernetes.ApiServer.Tests.Samples.samples.yaml")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return [.. YamlReader.ReadAll(bytes).Select(d => (JsonMap)d)];
    }
}
