using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Subresources;

/// <summary>POST of pods/binding: the scheduler's word on where a pod runs. It is given once.</summary>
internal sealed class BindingSubresource : Subresource
{
    private static readonly StorageVersion<Binding> BindingVersion = new();

    public override string Name => "binding";

    public override string Kind => "Binding";

    public override KindVerbs Verbs => KindVerbs.Create;

    public override async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = WriteOptions.Read(request, "CreateOptions");
        var context = ResourceVerbs.ContextOf(request, services, options.DryRun, options.FieldManager);
        var findings = new List<string>();
        var json = BodyDecoder.ToJson(request.Http.Request.ContentType, await BodyReader.ReadAsync(request.Http), findings);
        var binding = (Binding)BodyDecoder.Decode(new(request.Kind, BindingVersion), json, options.FieldValidation, findings);
        findings.ForEach(context.Warn);
        Check(request, binding);
        await BindAsync(binding, request.Info.Name, request.Kind, request, context, services);
    }

    /// <summary>Writes the node's name into the pod and answers.</summary>
    internal static async Task BindAsync(
        Binding binding, string name, KindDefinition pods, ApiRequest request, WriteContext context, RegistryServices services)
    {
        await services.Pipeline.WriteAsync(new()
        {
            Kind = pods, Name = name, Context = context, Strategy = WriteStrategy.Direct, HoldsForAnyState = true,
            Produce = current => new(Bind((Pod)pods.Clone(current!.Object), binding, context)),
        }, request.Aborted);
        foreach (var warning in context.Warnings)
            request.Warn(warning);
        await Answers.WriteSuccessAsync(request, 201, pods.Resource, "", "");
    }

    private static void Check(ApiRequest request, Binding binding)
    {
        if (binding.Metadata.Name.Length > 0 && binding.Metadata.Name != request.Info.Name)
            throw Failure.BadRequest("name in URL does not match name in Binding object");
        Check(binding, request.Info.Name);
    }

    /// <summary>What a binding must say.</summary>
    internal static void Check(Binding binding, string name)
    {
        var errors = new FieldErrorList();
        if (binding.Target.Kind is not ("" or "Node"))
            errors.Add(FieldError.NotSupported(FieldPath.Of("target", "kind"), binding.Target.Kind, "Node", "<empty>"));
        if (binding.Target.Name.Length == 0)
            errors.Add(FieldError.Required(FieldPath.Of("target", "name"), ""));
        if (errors.Count > 0)
            throw Failure.Invalid("", "Binding", name, errors);
    }

    private static Pod Bind(Pod pod, Binding binding, WriteContext context)
    {
        var name = pod.Metadata.Name;
        if (binding.Metadata.UID.Length > 0 && binding.Metadata.UID != pod.Metadata.UID)
            throw Refused(name, $"Precondition failed: UID in precondition: {binding.Metadata.UID}, UID in object meta: {pod.Metadata.UID}");
        if (pod.Metadata.DeletionTimestamp is not null)
            throw Refused(name, $"pod {name} is being deleted, cannot be assigned to a host");
        if (pod.Spec.NodeName.Length > 0)
            throw Refused(name, $"pod {name} is already assigned to node {JsonText.Quote(pod.Spec.NodeName)}");
        if (pod.Spec.SchedulingGates is { Count: > 0 })
            throw Refused(name, $"pod {name} has non-empty .spec.schedulingGates");
        pod.Spec.NodeName = binding.Target.Name;
        foreach (var (key, value) in binding.Metadata.Annotations.OrEmpty())
            (pod.Metadata.Annotations ??= [])[key] = value;
        SetScheduled(pod, context.Now);
        return pod;
    }

    private static void SetScheduled(Pod pod, DateTimeOffset now)
    {
        var conditions = pod.Status.Conditions ??= [];
        var condition = conditions.FirstOrDefault(c => c.Type == PodConditionType.PodScheduled);
        if (condition is null)
            conditions.Add(condition = new() { Type = PodConditionType.PodScheduled });
        if (condition.Status != ConditionStatus.ConditionTrue)
            condition.LastTransitionTime = KubernetesTime.TruncateToSecond(now);
        condition.Status = ConditionStatus.ConditionTrue;
        condition.Reason = "";
        condition.Message = "";
    }

    private static RequestFailure Refused(string name, string detail) => Failure.Conflict(new("", "pods/binding"), name, detail);
}
