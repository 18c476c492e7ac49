using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>What became of the wish to roll back.</summary>
/// <param name="Deployment">A copy without the wish, with the former template where there is one.</param>
internal sealed record RollbackResult(Deployment Deployment, string Type, string Reason, string Message);

/// <summary>
/// The rollback of extensions/v1beta1: an annotation names the revision to go back to. kubectl's <c>rollout undo</c> of today patches the template
/// instead. Pure.
/// </summary>
internal static class Rollback
{
    public const string Annotation = "deprecated.deployment.rollback.to";

    /// <summary>Null when nobody wishes to roll back.</summary>
    public static RollbackResult? Decide(Deployment deployment, IReadOnlyList<ReplicaSet> sets)
    {
        if (!deployment.Metadata.Annotations.OrEmpty().TryGetValue(Annotation, out var text)
            || !long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var revision))
            return null;
        var copy = deployment.DeepClone();
        copy.Metadata.Annotations!.Remove(Annotation);
        if (revision == 0)
            revision = sets.Select(s => Revisions.Of(s.Metadata)).Distinct().OrderDescending().Skip(1).FirstOrDefault();
        if (revision == 0)
            return new(copy, "Warning", "DeploymentRollbackRevisionNotFound", "Unable to find last revision.");
        var set = sets.FirstOrDefault(s => Revisions.Of(s.Metadata) == revision);
        if (set is null)
            return new(copy, "Warning", "DeploymentRollbackRevisionNotFound", "Unable to find the revision to rollback to.");
        var name = GoText.Quote(deployment.Metadata.Name);
        if (TemplateHash.Equal(set.Spec.Template, deployment.Spec.Template))
        {
            return new(copy, "Warning", "DeploymentRollbackTemplateUnchanged",
                $"The rollback revision contains the same template as current deployment {name}");
        }
        copy.Spec.Template = set.Spec.Template.DeepClone();
        copy.Spec.Template.Metadata.Labels?.Remove(TemplateHash.Label);
        Revisions.Restore(copy, set);
        return new(copy, "Normal", "DeploymentRollback", $"Rolled back deployment {name} to revision {revision}");
    }
}
