using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Holds pods and claims to the limit ranges of their namespace, and fills in what containers leave unsaid.</summary>
internal sealed class LimitRanger(RegistryServices services) : IAdmissionPlugin
{
    private const string Annotation = "kubernetes.io/limit-ranger";

    public string Name => "LimitRanger";

    public bool Handles(AdmissionAttributes attributes) => attributes is { IsMainResource: true, Object.Metadata.DeletionTimestamp: null }
        and ({ Operation: AdmissionOperation.Create, Object: Pod or PersistentVolumeClaim }
            or { Operation: AdmissionOperation.Update, Object: PersistentVolumeClaim });

    public async ValueTask MutateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        if (attributes.Object is not Pod pod)
            return;
        foreach (var range in await RangesAsync(attributes, cancellation))
        {
            foreach (var item in range.Spec.Limits.OrEmpty().Where(i => i.Type == "Container"))
                FillIn(pod, item);
        }
    }

    public async ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        foreach (var range in await RangesAsync(attributes, cancellation))
        {
            List<string> problems = [];
            foreach (var item in range.Spec.Limits.OrEmpty())
            {
                if (attributes.Object is Pod pod)
                    LimitRangeBounds.OfPod(pod, item, problems);
                else
                    LimitRangeBounds.OfClaim((PersistentVolumeClaim)attributes.Object!, item, problems);
            }
            if (problems.Count > 0)
                throw attributes.Forbidden(problems.Count == 1 ? problems[0] : $"[{string.Join(", ", problems)}]");
        }
    }

    private ValueTask<IReadOnlyList<LimitRange>> RangesAsync(AdmissionAttributes attributes, CancellationToken cancellation) =>
        services.ListAsync<LimitRange>("", "limitranges", attributes.Context.Namespace, cancellation);

    private static void FillIn(Pod pod, LimitRangeItem item)
    {
        List<string> said = [];
        foreach (var container in pod.Spec.Containers.OrEmpty())
            FillIn(container, item, "container", said);
        foreach (var container in pod.Spec.InitContainers.OrEmpty())
            FillIn(container, item, "init container", said);
        if (said.Count > 0)
            (pod.Metadata.Annotations ??= new(StringComparer.Ordinal))[Annotation] = "LimitRanger plugin set: " + string.Join("; ", said);
    }

    private static void FillIn(Container container, LimitRangeItem item, string what, List<string> said)
    {
        // Limits first, requests told first: upstream's order.
        var limits = Merge(container.Resources.Limits, item.Default, out var allLimits);
        var requests = Merge(container.Resources.Requests, item.DefaultRequest, out var allRequests);
        container.Resources.Limits = allLimits;
        container.Resources.Requests = allRequests;
        if (requests.Length > 0)
            said.Add($"{requests} request for {what} {container.Name}");
        if (limits.Length > 0)
            said.Add($"{limits} limit for {what} {container.Name}");
    }

    private static string Merge(Dictionary<string, Quantity>? given, Dictionary<string, Quantity>? defaults, out Dictionary<string, Quantity>? all)
    {
        all = given;
        List<string> added = [];
        foreach (var (name, amount) in defaults.OrEmpty())
        {
            all ??= new(StringComparer.Ordinal);
            if (all.TryAdd(name, amount))
                added.Add(name);
        }
        added.Sort(StringComparer.Ordinal);
        return string.Join(", ", added);
    }
}
