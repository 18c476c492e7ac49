using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Authorization;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Objects.Authorization.V1;

namespace Cybernetes.ApiServer.Registry.Reviews;

/// <summary>What the questions about access have in common: their checks and their answers.</summary>
internal static class AccessReviews
{
    private const string TwoForms = "may not specified at the same time as requirements";

    public static string Deprecation(string group, string kind) =>
        $"{group}/v1beta1 {kind} is deprecated in v1.19+, unavailable in v1.22+; use {group}/v1 {kind}";

    public static void OneQuestion(
        ResourceAttributes? resource, NonResourceAttributes? other, FieldErrorList errors, string nothing)
    {
        if (resource is not null && other is not null)
            errors.Invalid(FieldPath.Of("spec", "nonResourceAttributes"), FieldChecks.JsonValue.Of(other.WriteJson),
                "cannot be specified in combination with resourceAttributes");
        if (resource is null && other is null)
            errors.Invalid(FieldPath.Of("spec", "resourceAttributes"), null, nothing);
        if (resource is null)
            return;
        var path = FieldPath.Of("spec", "resourceAttributes");
        if (resource.FieldSelector is { RawSelector.Length: > 0, Requirements.Count: > 0 })
            errors.Invalid(path.Child("fieldSelector", "rawSelector"), resource.FieldSelector.RawSelector, TwoForms);
        if (resource.LabelSelector is { RawSelector.Length: > 0, Requirements.Count: > 0 })
            errors.Invalid(path.Child("labelSelector", "rawSelector"), resource.LabelSelector.RawSelector, TwoForms);
    }

    public static async ValueTask<SubjectAccessReviewStatus> AskAsync(
        UserInfo user, ResourceAttributes? resource, NonResourceAttributes? other, ApiRequest request, RegistryServices services)
    {
        var attributes = resource is not null
            ? new AuthorizationAttributes(
                user, resource.Verb, resource.Group, resource.Version, resource.Resource, resource.Subresource, resource.Namespace, resource.Name, "", true)
            : new AuthorizationAttributes(user, other!.Verb, "", "", "", "", "", "", other.Path, false);
        var decision = await services.Authorizer.AuthorizeAsync(attributes, request.Aborted);
        return new()
        {
            Allowed = decision.Verdict == Verdict.Allow, Denied = decision.Verdict == Verdict.Deny, Reason = decision.Reason,
        };
    }

    public static UserInfo UserOf(SubjectAccessReviewSpec spec) => new(spec.User, [.. spec.Groups.OrEmpty()])
    {
        Uid = spec.UID,
        Extra = spec.Extra.OrEmpty().ToDictionary(e => e.Key.ToLowerInvariant(), e => (IReadOnlyList<string>)e.Value, StringComparer.Ordinal),
    };

    public static void Subject(SubjectAccessReviewSpec spec, FieldErrorList errors)
    {
        OneQuestion(spec.ResourceAttributes, spec.NonResourceAttributes, errors,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified");
        if (spec.User.Length == 0 && spec.Groups is not { Count: > 0 })
            errors.Invalid(FieldPath.Of("spec", "user"), spec.User, "at least one of user or group must be specified");
    }
}

/// <summary>May this user do that?</summary>
internal sealed class SubjectAccessReviewKind : AnsweredKind<SubjectAccessReview>
{
    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ReshapedVersion<Objects.Authorization.V1beta1.SubjectAccessReview, SubjectAccessReview>(
            (served, stored) => stored.Spec.Groups = served.Spec.Groups, (stored, served) => served.Spec.Groups = stored.Spec.Groups)
        {
            IsOlder = true, DeprecationWarning = AccessReviews.Deprecation("authorization.k8s.io", "SubjectAccessReview"),
        },
    ];

    protected override void Validate(SubjectAccessReview obj, FieldErrorList errors) => AccessReviews.Subject(obj.Spec, errors);

    protected override async ValueTask FillInAsync(SubjectAccessReview asked, ApiRequest request, RegistryServices services) =>
        asked.Status = await AccessReviews.AskAsync(
            AccessReviews.UserOf(asked.Spec), asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes, request, services);
}

/// <summary>The same, asked in one namespace about that namespace.</summary>
internal sealed class LocalSubjectAccessReviewKind : AnsweredKind<LocalSubjectAccessReview>
{
    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ReshapedVersion<Objects.Authorization.V1beta1.LocalSubjectAccessReview, LocalSubjectAccessReview>(
            (served, stored) => stored.Spec.Groups = served.Spec.Groups, (stored, served) => served.Spec.Groups = stored.Spec.Groups)
        {
            IsOlder = true, DeprecationWarning = AccessReviews.Deprecation("authorization.k8s.io", "LocalSubjectAccessReview"),
        },
    ];

    protected override void Validate(LocalSubjectAccessReview obj, FieldErrorList errors)
    {
        AccessReviews.Subject(obj.Spec, errors);
        if (obj.Spec.ResourceAttributes is { } resource && resource.Namespace != obj.Metadata.Namespace)
            errors.Invalid(FieldPath.Of("spec", "resourceAttributes").Child("namespace"), resource.Namespace, "must match metadata.namespace");
        if (obj.Spec.NonResourceAttributes is { } other)
            errors.Invalid(FieldPath.Of("spec", "nonResourceAttributes"), FieldChecks.JsonValue.Of(other.WriteJson), "disallowed on this kind of request");
    }

    protected override async ValueTask FillInAsync(LocalSubjectAccessReview asked, ApiRequest request, RegistryServices services) =>
        asked.Status = await AccessReviews.AskAsync(
            AccessReviews.UserOf(asked.Spec), asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes, request, services);
}

/// <summary>May I do that? (kubectl auth can-i)</summary>
internal sealed class SelfSubjectAccessReviewKind : AnsweredKind<SelfSubjectAccessReview>
{
    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<SelfSubjectAccessReview>("v1beta1")
        {
            IsOlder = true, DeprecationWarning = AccessReviews.Deprecation("authorization.k8s.io", "SelfSubjectAccessReview"),
        },
    ];

    protected override void Validate(SelfSubjectAccessReview obj, FieldErrorList errors) => AccessReviews.OneQuestion(
        obj.Spec.ResourceAttributes, obj.Spec.NonResourceAttributes, errors, "exactly one of nonResourceAttributes or resourceAttributes must be specified");

    protected override async ValueTask FillInAsync(SelfSubjectAccessReview asked, ApiRequest request, RegistryServices services) =>
        asked.Status = await AccessReviews.AskAsync(
            request.User, asked.Spec.ResourceAttributes, asked.Spec.NonResourceAttributes, request, services);
}

/// <summary>What may I do in this namespace? (kubectl auth can-i --list)</summary>
internal sealed class SelfSubjectRulesReviewKind : AnsweredKind<SelfSubjectRulesReview>
{
    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<SelfSubjectRulesReview>("v1beta1")
        {
            IsOlder = true, DeprecationWarning = AccessReviews.Deprecation("authorization.k8s.io", "SelfSubjectRulesReview"),
        },
    ];

    protected override void Validate(SelfSubjectRulesReview obj, FieldErrorList errors)
    {
        if (obj.Spec.Namespace.Length == 0)
            errors.Required(FieldPath.Of("spec", "namespace"), "no namespace on request");
    }

    protected override async ValueTask FillInAsync(SelfSubjectRulesReview asked, ApiRequest request, RegistryServices services)
    {
        var rules = await services.Authorizer.RulesAsync(request.User, asked.Spec.Namespace, request.Aborted);
        asked.Status = new()
        {
            ResourceRules =
            [
                .. rules.Resources.Select(r => new ResourceRule
                {
                    Verbs = [.. r.Verbs], APIGroups = [.. r.Groups], Resources = [.. r.Resources],
                    ResourceNames = r.Names.Count == 0 ? null : [.. r.Names],
                }),
            ],
            NonResourceRules = [.. rules.Paths.Select(p => new NonResourceRule { Verbs = [.. p.Verbs], NonResourceURLs = [.. p.Paths] })],
            Incomplete = rules.Problem.Length > 0,
            EvaluationError = rules.Problem,
        };
    }
}
