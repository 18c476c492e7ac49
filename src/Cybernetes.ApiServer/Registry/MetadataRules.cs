using System.Globalization;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry;

/// <summary>What upstream does with every object's metadata on create and update (<c>rest.BeforeCreate</c>, <c>BeforeUpdate</c>).</summary>
internal static class MetadataRules
{
    private const int MaxGeneratedPrefix = 58;
    private const int SuffixLength = 5;
    private const int MaxSubresourceBytes = 256;

    /// <summary>Sets what the server sets on a new object.</summary>
    public static void PrepareCreate(KindDefinition kind, IKubernetesObject obj, WriteContext context)
    {
        var metadata = obj.Metadata;
        if (metadata.ResourceVersion.Length > 0)
            throw Failure.BadRequest("resourceVersion should not be set on objects to be created");
        SetNamespace(kind, metadata, context.Namespace);
        DropRepeatedOwners(metadata, context);
        metadata.DeletionTimestamp = null;
        metadata.DeletionGracePeriodSeconds = null;
        metadata.CreationTimestamp = KubernetesTime.TruncateToSecond(context.Now);
        metadata.UID = context.Identities.NewUuidText();
        metadata.SelfLink = "";
    }

    /// <summary>Makes a name from a generateName when there is no name.</summary>
    /// <returns>True when the name was generated.</returns>
    public static bool GenerateName(IKubernetesObject obj, WriteContext context)
    {
        var metadata = obj.Metadata;
        if (metadata.Name.Length > 0 || metadata.GenerateName.Length == 0)
            return false;
        var prefix = metadata.GenerateName;
        metadata.Name = (prefix.Length > MaxGeneratedPrefix ? prefix[..MaxGeneratedPrefix] : prefix) + context.Identities.NewSuffix(SuffixLength);
        return true;
    }

    /// <summary>Keeps what an update cannot change.</summary>
    public static void PrepareUpdate(KindDefinition kind, IKubernetesObject obj, IKubernetesObject old, WriteContext context)
    {
        var metadata = obj.Metadata;
        var before = old.Metadata;
        SetNamespace(kind, metadata, context.Namespace);
        DropRepeatedOwners(metadata, context);
        if (metadata.UID.Length == 0)
            metadata.UID = before.UID;
        if (metadata.UID != before.UID)
            throw Failure.Conflict(kind.Resource, before.Name,
                $"Precondition failed: UID in precondition: {metadata.UID}, UID in object meta: {before.UID}");
        metadata.CreationTimestamp = before.CreationTimestamp;
        if (before.DeletionTimestamp is not null)
            metadata.DeletionTimestamp = before.DeletionTimestamp;
        if (before.DeletionGracePeriodSeconds is not null)
            metadata.DeletionGracePeriodSeconds ??= before.DeletionGracePeriodSeconds;
        metadata.Generation = before.Generation;
        metadata.SelfLink = "";
    }

    /// <summary>
    /// Gives back what a write of the status may not change (metav1.ResetObjectMetaForStatus). Who manages the fields stays as the write has it.
    /// </summary>
    public static void ResetForStatus(ObjectMeta metadata, ObjectMeta old)
    {
        metadata.DeletionTimestamp = old.DeletionTimestamp;
        metadata.Generation = old.Generation;
        metadata.Labels = old.Labels;
        metadata.Annotations = old.Annotations;
        metadata.Finalizers = old.Finalizers;
        metadata.OwnerReferences = old.OwnerReferences;
    }

    /// <summary>The optimistic lock: an empty revision means any, where the kind allows it.</summary>
    public static void CheckRevision(KindDefinition kind, IKubernetesObject obj, CurrentState current)
    {
        var metadata = obj.Metadata;
        if (metadata.ResourceVersion.Length == 0 && !kind.AllowUnconditionalUpdate)
        {
            var errors = new FieldErrorList();
            errors.Add(FieldError.Invalid(FieldPath.Of("metadata", "resourceVersion"), "", "must be specified for an update"));
            throw Failure.Invalid(kind.Group, kind.Kind, metadata.Name, errors);
        }
        if (metadata.ResourceVersion.Length == 0)
            return;
        if (!long.TryParse(metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
        {
            var errors = new FieldErrorList();
            errors.Add(FieldError.Invalid(FieldPath.Of("metadata", "resourceVersion"), metadata.ResourceVersion,
                $"strconv.ParseUint: parsing {JsonText.Quote(metadata.ResourceVersion)}: invalid syntax"));
            throw Failure.Invalid(kind.Group, kind.Kind, metadata.Name, errors);
        }
        if (asked != current.Record.ModRevision)
            throw Failure.Modified(kind.Resource, current.Object.Metadata.Name);
    }

    /// <summary>Field errors of any object's metadata.</summary>
    public static void Check(KindDefinition kind, IKubernetesObject obj, FieldErrorList errors)
    {
        var metadata = obj.Metadata;
        var path = FieldPath.Of("metadata");
        if (metadata.GenerateName.Length > 0)
            errors.AddInvalid(path.Child("generateName"), metadata.GenerateName, kind.NameProblems(Names.MaskTrailingDash(metadata.GenerateName)));
        if (metadata.Name.Length == 0)
            errors.Add(FieldError.Required(path.Child("name"), "name or generateName is required"));
        else
            errors.AddInvalid(path.Child("name"), metadata.Name, kind.NameProblems(metadata.Name));
        if (!kind.Namespaced)
        {
            if (metadata.Namespace.Length > 0)
                errors.Add(FieldError.Forbidden(path.Child("namespace"), "not allowed on this type"));
        }
        else if (metadata.Namespace.Length == 0)
        {
            errors.Add(FieldError.Required(path.Child("namespace"), ""));
        }
        else
        {
            errors.AddInvalid(path.Child("namespace"), metadata.Namespace, Names.Dns1123Label(metadata.Namespace));
        }
        FieldRules.NonNegative(metadata.Generation, path.Child("generation"), errors);
        CheckShared(metadata, path, errors);
        FieldRules.Finalizers(metadata.Finalizers, path.Child("finalizers"), errors);
    }

    /// <summary>Field errors of a change of metadata.</summary>
    public static void CheckUpdate(IKubernetesObject obj, IKubernetesObject old, FieldErrorList errors)
    {
        var metadata = obj.Metadata;
        var before = old.Metadata;
        var path = FieldPath.Of("metadata");
        if (before.DeletionTimestamp is not null)
        {
            var added = metadata.Finalizers.OrEmpty().Except(before.Finalizers.OrEmpty()).Order(StringComparer.Ordinal).ToList();
            if (added.Count > 0)
                errors.Add(FieldError.Forbidden(path.Child("finalizers"), "no new finalizers can be added if the object is being deleted, "
                    + $"found new finalizers []string{{{string.Join(", ", added.Select(JsonText.Quote))}}}"));
        }
        if (metadata.Generation < before.Generation)
            errors.Add(FieldError.Invalid(path.Child("generation"), metadata.Generation, "must not be decremented"));
        Immutable(metadata.Name, before.Name, path.Child("name"), errors);
        Immutable(metadata.Namespace, before.Namespace, path.Child("namespace"), errors);
        Immutable(metadata.UID, before.UID, path.Child("uid"), errors);
        if (metadata.DeletionTimestamp != before.DeletionTimestamp)
            errors.Add(FieldError.Invalid(path.Child("deletionTimestamp"), metadata.DeletionTimestamp is { } t ? KubernetesTime.Format(t) : null,
                FieldRules.Immutable));
        if (metadata.DeletionGracePeriodSeconds != before.DeletionGracePeriodSeconds)
            errors.Add(FieldError.Invalid(path.Child("deletionGracePeriodSeconds"), metadata.DeletionGracePeriodSeconds, FieldRules.Immutable));
        CheckShared(metadata, path, errors);
    }

    private static void CheckShared(ObjectMeta metadata, FieldPath path, FieldErrorList errors)
    {
        FieldRules.Labels(metadata.Labels, path.Child("labels"), errors);
        FieldRules.Annotations(metadata.Annotations, path.Child("annotations"), errors);
        CheckOwners(metadata, path.Child("ownerReferences"), errors);
        CheckManagers(metadata, path.Child("managedFields"), errors);
    }

    private static void CheckManagers(ObjectMeta metadata, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < (metadata.ManagedFields?.Count ?? 0); i++)
        {
            var entry = metadata.ManagedFields![i];
            if (entry.Manager.Length > 0)
                FieldRules.FieldManager(entry.Manager, path.Index(i).Child("fieldManager"), errors);
            if (entry.Subresource.Length > MaxSubresourceBytes)
                errors.Add(FieldError.TooLong(path.Index(i).Child("subresource"), MaxSubresourceBytes));
        }
    }

    /// <summary>An owner that is named twice in the same words is kept once.</summary>
    private static void DropRepeatedOwners(ObjectMeta metadata, WriteContext context)
    {
        if (metadata.OwnerReferences is not { Count: > 1 } owners)
            return;
        var kept = new List<OwnerReference>(owners.Count);
        var repeated = new List<string>();
        foreach (var owner in owners)
        {
            if (kept.Find(k => k.UID == owner.UID) is { } known && known.SemanticEquals(owner))
                repeated.Add(owner.UID);
            else
                kept.Add(owner);
        }
        if (repeated.Count == 0)
            return;
        metadata.OwnerReferences = kept;
        context.Warn(".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests "
            + $"as early as 1.24; please fix your requests; duplicate UID(s) observed: {string.Join(", ", repeated)}");
    }

    private static void CheckOwners(ObjectMeta metadata, FieldPath path, FieldErrorList errors)
    {
        var controller = "";
        foreach (var owner in metadata.OwnerReferences.OrEmpty())
        {
            if (owner.APIVersion.Length == 0 || owner.APIVersion.EndsWith('/'))
                errors.Add(FieldError.Invalid(path.Child("apiVersion"), owner.APIVersion, "version must not be empty"));
            if (owner.Kind.Length == 0)
                errors.Add(FieldError.Invalid(path.Child("kind"), owner.Kind, "must not be empty"));
            if (owner.Name.Length == 0)
                errors.Add(FieldError.Invalid(path.Child("name"), owner.Name, "must not be empty"));
            if (owner.UID.Length == 0)
                errors.Add(FieldError.Invalid(path.Child("uid"), owner.UID, "must not be empty"));
            if (owner is { APIVersion: "v1", Kind: "Event" })
                errors.Add(FieldError.Invalid(path, owner.Name, "/v1, Kind=Event is disallowed from being an owner"));
            if (owner.Controller != true)
                continue;
            var name = $"{owner.Kind}/{owner.Name}";
            if (controller.Length > 0)
                errors.Add(FieldError.Invalid(path, metadata.OwnerReferences!.Select(o => o.Name).ToList(), "Only one reference can have Controller "
                    + $"set to true. Found \"true\" in references for {controller} and {name}"));
            else
                controller = name;
        }
    }

    private static void Immutable(string value, string before, FieldPath path, FieldErrorList errors)
    {
        if (value != before)
            errors.Add(FieldError.Invalid(path, value, FieldRules.Immutable));
    }

    private static void SetNamespace(KindDefinition kind, ObjectMeta metadata, string ns)
    {
        if (!kind.Namespaced)
            return;
        if (metadata.Namespace.Length == 0)
            metadata.Namespace = ns;
        else if (metadata.Namespace != ns)
            throw Failure.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
}
