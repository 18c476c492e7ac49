using Cybernetes.Controllers.Jobs;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Jobs;

public sealed class JobGangsTests
{
    [Theory]
    [InlineData(4, 4, "Indexed", false, true)]
    [InlineData(1, 1, "Indexed", false, false)]
    [InlineData(4, 8, "Indexed", false, false)]
    [InlineData(4, 4, "NonIndexed", false, false)]
    [InlineData(4, null, "Indexed", false, false)]
    [InlineData(4, 4, "Indexed", true, false)]
    public void Candidate_ByItsSpec_IsAJobWhosePodsAllRunAtOnce(int parallelism, int? completions, string mode, bool grouped, bool isOne)
    {
        var job = new Job { Spec = { Parallelism = parallelism, Completions = completions, CompletionMode = mode } };
        if (grouped)
            job.Spec.Template.Spec.SchedulingGroup = new() { PodGroupName = "mine" };
        Assert.Equal(isOne, JobGangs.IsCandidate(job));
    }

    [Theory]
    [InlineData(0, 0, false, false, true)]
    [InlineData(1, 0, false, false, false)]
    [InlineData(0, 1, false, false, false)]
    [InlineData(0, 0, true, false, false)]
    [InlineData(0, 0, false, true, false)]
    public void Job_ByItsStatus_IsNewIfItNeverStarted(int pods, int failed, bool started, bool wasSuspended, bool isNew)
    {
        var job = new Job { Status = { Failed = failed, StartTime = started ? Make.Start : null } };
        if (wasSuspended)
            job.Status.Conditions = [new() { Type = "Suspended", Status = "False" }];
        Assert.Equal(isNew, JobGangs.IsNew(job, [.. Enumerable.Range(0, pods).Select(_ => new Pod())]));
    }

    [Fact]
    public void Names_OfAnyLength_AreNoLongerThanNamesMayBe()
    {
        var job = new Job { Metadata = { Name = new string('j', 253), UID = "u-1" } };
        var workload = JobGangs.WorkloadName(job);
        Assert.True(workload.Length <= 253);
        Assert.NotEqual(workload, JobGangs.WorkloadName(new() { Metadata = { Name = job.Metadata.Name, UID = "u-2" } }));
        foreach (var (left, right) in new[] { (253, 253), (253, 3), (3, 253), (3, 3) })
        {
            var name = JobGangs.GroupName(new string('w', left), new string('t', right));
            Assert.True(name.Length <= 253);
            Assert.Matches("^w{3,}-t{3,}-[a-z0-9]+$", name);
        }
    }
}
