using Cybernetes.Controllers.Jobs;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.Jobs;

/// <summary>A job's whole life with a controller that dies between any two of its calls: each ended pod is counted exactly once.</summary>
public sealed class JobCrashTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void Job_ControllerDiesAnywhere_CountsEachPodOnce(int seed, bool indexed)
    {
        for (var round = 0; round < 60; round++)
        {
            var world = new World(new Random((seed * 1000) + round), indexed);
            for (var step = 0; step < 4000 && !JobController.IsFinished(world.Job); step++)
                world.Step();

            Assert.True(JobController.IsFinished(world.Job), $"seed {seed}, round {round}: never ended");
            Assert.Equal(world.Succeeded, world.Job.Status.Succeeded);
            Assert.Equal(world.Failed, world.Job.Status.Failed);
            Assert.DoesNotContain(world.Pods, JobPods.HasFinalizer);
        }
    }

    private sealed class World(Random random, bool indexed)
    {
        private DateTimeOffset _now = Make.Start;
        private int _names;

        public Job Job { get; } = JobReconcilerTests.Job(random.Next(1, 12), random.Next(1, 5), indexed).With(j => j.Spec.BackoffLimit = 1000);

        public List<Pod> Pods { get; } = [];

        public int Succeeded { get; private set; }

        public int Failed { get; private set; }

        public void Step()
        {
            _now = _now.AddMinutes(20);
            foreach (var pod in Pods.Where(p => p.Status.Phase == PodPhase.Running && p.Metadata.DeletionTimestamp is null).ToList())
            {
                if (random.Next(3) == 0)
                    End(pod, random.Next(4) > 0);
            }
            // Ended pods that nothing holds are taken away now and then.
            Pods.RemoveAll(p => p.Status.Phase != PodPhase.Running && !JobPods.HasFinalizer(p) && random.Next(3) == 0);
            Sync();
        }

        private void End(Pod pod, bool well)
        {
            pod.Status.Phase = well ? PodPhase.Succeeded : PodPhase.Failed;
            if (well)
                Succeeded++;
            else
                Failed++;
        }

        private bool Dies() => random.Next(12) == 0;

        private void Sync()
        {
            var step = new JobReconciler(Job, [.. Pods.Select(p => p.DeepClone())], new HashSet<string>(), true, JobBackoff.None, _now);
            var plan = step.Decide();
            var created = 0;
            foreach (var request in plan.Create)
            {
                if (Dies())
                    return;
                var pod = JobPods.For(Job, JobPods.Template(Job), request);
                pod.Metadata.Name = pod.Metadata.UID = "p" + _names++;
                pod.Status.Phase = PodPhase.Running;
                Pods.Add(pod);
                created++;
            }
            foreach (var pod in plan.Remove)
            {
                Pods.RemoveAll(p => p.Metadata.UID == pod.Metadata.UID);
            }
            var tracking = step.Track(new(created, plan.Remove.Count, 0));
            if (Dies())
                return;
            if (tracking.Flush)
                Job.Status = step.Status.DeepClone();
            var released = new List<string>();
            foreach (var pod in tracking.Release)
            {
                if (Dies())
                    return;
                if (random.Next(8) == 0)
                    continue;
                Pods.Single(p => p.Metadata.UID == pod.Metadata.UID).Metadata.Finalizers = null;
                released.Add(pod.Metadata.UID);
            }
            if (Dies())
                return;
            if (step.Settle(released).Flush && !Dies())
                Job.Status = step.Status.DeepClone();
        }
    }
}
