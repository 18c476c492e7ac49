using System.Collections.Concurrent;
using System.Text;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Deployments;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;

namespace Cybernetes.Controllers.Jobs;

/// <summary>
/// The workload and pod group of a job whose pods all run at once, so that they are scheduled together (KEP-5547; alpha, gate WorkloadWithJob).
/// Safe for concurrent use.
/// </summary>
internal sealed class JobGangs
{
    private const string ByJob = "workloadByJobName";
    private const string ByWorkload = "podGroupByWorkloadName";
    private const int LongestName = 253;

    private readonly ApiClient _client;
    private readonly IEventRecorder _events;
    private readonly ObjectStore<Workload> _workloads;
    private readonly ObjectStore<PodGroup> _groups;

    // Made by this process, and maybe not yet in the informers: by those alone the job's other pods would come without a group.
    private readonly ConcurrentDictionary<string, string> _made = new(StringComparer.Ordinal);

    public JobGangs(ControllerContext context, IEventRecorder events)
    {
        (_client, _events) = (context.Client, events);
        _workloads = context.Informers.For<Workload>().Store;
        _groups = context.Informers.For<PodGroup>().Store;
        _workloads.AddIndex(ByJob, static w =>
            w.Spec.ControllerRef is { APIGroup: "batch", Kind: "Job" } job ? [Key(w.Metadata.Namespace, job.Name)] : []);
        _groups.AddIndex(ByWorkload, static g =>
            g.Spec.PodGroupTemplateRef?.Workload is { } workload ? [Key(g.Metadata.Namespace, workload.WorkloadName)] : []);
    }

    /// <summary>The group that the job's new pods belong to; null where they are scheduled one by one.</summary>
    /// <param name="pods">The job's pods that are there.</param>
    /// <exception cref="ApiStatusException">One of the two could not be made: the job has to wait for it.</exception>
    public async Task<string?> GroupForAsync(Job job, IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        if (!IsCandidate(job))
            return null;
        if (_made.TryGetValue(job.Metadata.UID, out var made))
            return made;
        var workloads = _workloads.ByIndex(ByJob, Key(job.Metadata.Namespace, job.Metadata.Name));
        var workload = workloads switch
        {
            [] when IsNew(job, pods) => await MakeWorkloadAsync(job, cancellation).ConfigureAwait(false),
            [var one] when OwnerReferences.IsControlledBy(one, job) => one,
            // Someone else's, or more than one: that is not for this controller to sort out.
            _ => null,
        };
        if (workload?.Spec.PodGroupTemplates is not [var template])
            return null;
        var groups = _groups.ByIndex(ByWorkload, Key(job.Metadata.Namespace, workload.Metadata.Name));
        var group = groups switch
        {
            [] => await MakeGroupAsync(job, workload, template, cancellation).ConfigureAwait(false),
            [var one] when OwnerReferences.IsControlledBy(one, job) => one,
            _ => null,
        };
        return group is null ? null : _made[job.Metadata.UID] = group.Metadata.Name;
    }

    public void Forget(Job job) => _made.TryRemove(job.Metadata.UID, out _);

    /// <summary>Whether all of the job's pods run at once, each with its index, and nobody has grouped them already. Pure.</summary>
    internal static bool IsCandidate(Job job) =>
        job.Spec.Parallelism is > 1 && JobPods.IsIndexed(job) && job.Spec.Completions == job.Spec.Parallelism
        && job.Spec.Template.Spec.SchedulingGroup is null;

    /// <summary>Whether the job has never started: jobs that were running before the gate was on are left as they are. Pure.</summary>
    internal static bool IsNew(Job job, IReadOnlyList<Pod> pods) =>
        pods.Count == 0 && job.Status.StartTime is null && job.Status.Succeeded == 0 && job.Status.Failed == 0
        && job.Status.Conditions.OrEmpty().All(c => c.Type != "Suspended");

    /// <summary>The name of a job's workload: the same for the same job, and no other's. Pure.</summary>
    internal static string WorkloadName(Job job)
    {
        var hash = TemplateHash.Of(Encoding.UTF8.GetBytes(job.Metadata.UID));
        var most = LongestName - hash.Length - 1;
        return $"{(job.Metadata.Name.Length > most ? job.Metadata.Name[..most] : job.Metadata.Name)}-{hash}";
    }

    /// <summary>The name of a workload's pod group; names that are too long are cut, the longer one first. Pure.</summary>
    internal static string GroupName(string workload, string template)
    {
        var hash = TemplateHash.Of(Encoding.UTF8.GetBytes(workload + template));
        var most = LongestName - hash.Length - 2;
        var half = most / 2;
        if (workload.Length + template.Length > most)
        {
            var room = workload.Length <= half ? workload.Length : template.Length <= half ? most - template.Length : most - half;
            (workload, template) = (workload[..room], template[..(most - room)]);
        }
        return $"{workload}-{template}-{hash}";
    }

    private static string Key(string ns, string name) => $"{ns}/{name}";

    private async Task<Workload?> MakeWorkloadAsync(Job job, CancellationToken cancellation)
    {
        var wanted = new Workload
        {
            Metadata = { Namespace = job.Metadata.Namespace, Name = WorkloadName(job), OwnerReferences = [OwnerReferences.ToController(job)] },
            Spec =
            {
                ControllerRef = new() { APIGroup = "batch", Kind = "Job", Name = job.Metadata.Name },
                PodGroupTemplates =
                [
                    new()
                    {
                        Name = $"{job.Metadata.Name}-pgt-0", SchedulingPolicy = { Gang = new() { MinCount = job.Spec.Parallelism!.Value } },
                    },
                ],
            },
        };
        var (made, isNew) = await MakeAsync(job, wanted, cancellation).ConfigureAwait(false);
        if (isNew)
            _events.Event(job, "Normal", "WorkloadCreated", $"Created Workload {made!.Metadata.Name} for Job {job.Metadata.Name}");
        return made;
    }

    private async Task<PodGroup?> MakeGroupAsync(Job job, Workload workload, PodGroupTemplate template, CancellationToken cancellation)
    {
        var wanted = new PodGroup
        {
            Metadata =
            {
                Namespace = job.Metadata.Namespace, Name = GroupName(workload.Metadata.Name, template.Name),
                OwnerReferences =
                [
                    OwnerReferences.ToController(job),
                    // Does not block the workload's deletion.
                    new OwnerReference
                    {
                        APIVersion = Workload.Facts.APIVersion, Kind = Workload.Facts.Kind, Name = workload.Metadata.Name, UID = workload.Metadata.UID,
                    },
                ],
            },
            Spec =
            {
                PodGroupTemplateRef = new() { Workload = new() { WorkloadName = workload.Metadata.Name, PodGroupTemplateName = template.Name } },
                SchedulingPolicy = template.SchedulingPolicy.DeepClone(),
            },
        };
        return (await MakeAsync(job, wanted, cancellation).ConfigureAwait(false)).Made;
    }

    /// <summary>The object, made now or before; null where another's has its name.</summary>
    private async Task<(T? Made, bool IsNew)> MakeAsync<T>(Job job, T wanted, CancellationToken cancellation) where T : class, IKubernetesObject<T>
    {
        try
        {
            return (await _client.For<T>().CreateAsync(wanted, cancellation: cancellation).ConfigureAwait(false), true);
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            var there = await _client.For<T>().FindAsync(wanted.Metadata.Namespace, wanted.Metadata.Name, cancellation).ConfigureAwait(false);
            return (there is not null && OwnerReferences.IsControlledBy(there, job) ? there : null, false);
        }
    }
}
