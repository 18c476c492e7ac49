using System.Text;
using Cybernetes.Load.Driving;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Tests.Driving;

public sealed class StampScannerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Feed_CutAnywhere_FindsEachStampOnce(bool protobuf)
    {
        var stream = Stream(protobuf);
        for (var size = 1; size <= stream.Length; size++)
        {
            var found = new List<(long, long)>();
            var scanner = new StampScanner(protobuf, (clock, number) => found.Add((clock, number)));
            for (var at = 0; at < stream.Length; at += size)
                scanner.Feed(stream.AsSpan(at, Math.Min(size, stream.Length - at)));
            Assert.Equal([(1001, 1), (1002, 2), (1003, 3)], found);
            Assert.Equal(3, scanner.Found);
        }
    }

    private static byte[] Stream(bool protobuf)
    {
        var text = new StringBuilder();
        for (var i = 1; i <= 3; i++)
        {
            var stamp = new byte[Stamp.Length];
            Stamp.Write(stamp, 1000 + i, i);
            var value = Encoding.ASCII.GetString(stamp);
            // The key alone, as owners of fields name it, is no stamp.
            text.Append(protobuf
                ? $"\n\x18{Stamp.Annotation}\x12\x1a{value}…{Stamp.Annotation}" : $$"""{"{{Stamp.Annotation}}":"{{value}}","f:{{Stamp.Annotation}}":1 }""");
            text.Append('-', i == 2 ? 200 : 0);
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
