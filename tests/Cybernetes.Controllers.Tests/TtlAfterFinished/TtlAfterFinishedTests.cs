using Cybernetes.Controllers.TtlAfterFinished;
using Cybernetes.Objects.Batch.V1;

namespace Cybernetes.Controllers.Tests.TtlAfterFinished;

public sealed class TtlAfterFinishedTests
{
    private static Job Job(int? ttl, string type) => new()
    {
        Spec = { TTLSecondsAfterFinished = ttl }, Status = { Conditions = [new() { Type = type, Status = "True", LastTransitionTime = Make.Start }] },
    };

    [Theory]
    [InlineData(100, "Complete", 40)]
    [InlineData(100, "Failed", 40)]
    [InlineData(10, "Complete", -50)]
    [InlineData(100, "Suspended", null)]
    [InlineData(null, "Complete", null)]
    public void Remaining_OfJob_CountsFromItsEnd(int? ttl, string type, int? expected) =>
        Assert.Equal(expected, (int?)TtlAfterFinishedController.Remaining(Job(ttl, type), Make.Start.AddSeconds(60))?.TotalSeconds);

    [Fact]
    public void Remaining_BeingDeleted_IsNone() =>
        Assert.Null(TtlAfterFinishedController.Remaining(Job(0, "Complete").With(j => j.Metadata.DeletionTimestamp = Make.Start), Make.Start));
}
