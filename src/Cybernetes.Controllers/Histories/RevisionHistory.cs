using System.Buffers;
using System.Text.Json;
using Cybernetes.Controllers.Deployments;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Histories;

/// <summary>What is to be done so that the present template has its revision.</summary>
/// <param name="Revision">The present template's: as it is, to be renumbered, or to be made.</param>
internal sealed record RevisionPlan(ControllerRevision Revision, bool Create, bool Renumber);

/// <summary>
/// The past templates of daemon sets and stateful sets: controller revisions, whose data is the patch that brings the template back
/// (<c>kubectl rollout undo</c> sends it as it is). Pure.
/// </summary>
internal static class RevisionHistory
{
    /// <summary>The patch of a template.</summary>
    public static RawJson PatchOf(PodTemplateSpec template)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(body, JsonLimits.WriterOptions))
            template.WriteJson(writer);
        var patch = new ArrayBufferWriter<byte>(body.WrittenCount + 64);
        patch.Write("{\"spec\":{\"template\":{\"$patch\":\"replace\""u8);
        // A template is an object, never an empty one: a pod has containers.
        if (body.WrittenCount > 2)
            patch.Write(","u8);
        patch.Write(body.WrittenSpan[1..]);
        patch.Write("}}"u8);
        return new RawJson(patch.WrittenMemory.ToArray());
    }

    /// <summary>The template that a revision holds; null when its data is no such patch.</summary>
    public static PodTemplateSpec? TemplateOf(ControllerRevision revision)
    {
        if (revision.Data.IsEmpty)
            return null;
        try
        {
            using var document = JsonDocument.Parse(revision.Data.Utf8, JsonLimits.DocumentOptions);
            if (!document.RootElement.TryGetProperty("spec", out var spec) || !spec.TryGetProperty("template", out var template))
                return null;
            var text = System.Text.Encoding.UTF8.GetBytes(template.GetRawText());
            var reader = new Utf8JsonReader(text, JsonLimits.ReaderOptions);
            var context = new DecodeContext(collectStrict: false);
            context.Reset(text);
            reader.Read();
            return PodTemplateSpec.ReadJson(ref reader, context);
        }
        catch (Exception failure) when (failure is JsonException or ObjectDecodeException or InvalidOperationException)
        {
            // Written by somebody else: it is nobody's template.
            return null;
        }
    }

    /// <summary>Whether the revision holds this template.</summary>
    public static bool Holds(ControllerRevision revision, PodTemplateSpec template)
    {
        var patch = PatchOf(template);
        if (revision.Data.Utf8.Span.SequenceEqual(patch.Utf8.Span))
            return true;
        // What another writer left out or put in another order is the same template still.
        return TemplateOf(revision) is { } held && held.SemanticEquals(template);
    }

    /// <summary>Oldest first: by number, then by age, then by name.</summary>
    public static List<ControllerRevision> Sorted(IEnumerable<ControllerRevision> revisions) =>
        [.. revisions.OrderBy(r => r.Revision).ThenBy(r => r.Metadata.CreationTimestamp).ThenBy(r => r.Metadata.Name, StringComparer.Ordinal)];

    /// <summary>Which revision is the present template's; one that comes back gets the highest number.</summary>
    /// <param name="hashLabel">The label under which the revision carries its hash.</param>
    public static RevisionPlan Plan<TOwner>(
        TOwner owner, PodTemplateSpec template, IReadOnlyList<ControllerRevision> revisions, int? collisionCount, string hashLabel)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        var sorted = Sorted(revisions);
        var equal = sorted.LastOrDefault(r => Holds(r, template));
        var highest = sorted.Count == 0 ? 0 : sorted[^1].Revision;
        // The garbage collector takes the history away: what were written now would bring the owner here again without end.
        if (owner.Metadata.DeletionTimestamp is not null)
            return new(equal ?? New(owner, template, highest + 1, collisionCount, hashLabel), Create: false, Renumber: false);
        if (equal is null)
            return new(New(owner, template, highest + 1, collisionCount, hashLabel), Create: true, Renumber: false);
        if (sorted.All(r => r == equal || r.Revision < equal.Revision))
            return new(equal, Create: false, Renumber: false);
        var copy = equal.DeepClone();
        copy.Revision = highest + 1;
        return new(copy, Create: false, Renumber: true);
    }

    /// <summary>Further revisions of the present template, adopted from elsewhere: the present one stands for them.</summary>
    public static List<ControllerRevision> Duplicates(KeptRevisions kept, PodTemplateSpec template) =>
        [.. kept.All.Where(r => r.Metadata.UID != kept.Present.Metadata.UID && Holds(r, template))];

    /// <summary>The revisions beyond the limit, oldest first, that no pod is made of.</summary>
    /// <param name="old">Without the present ones.</param>
    public static List<ControllerRevision> Surplus(IReadOnlyList<ControllerRevision> old, Func<ControllerRevision, bool> isLive, int limit)
    {
        var surplus = Math.Max(0, old.Count - Math.Max(0, limit));
        return [.. Sorted(old).Where(r => !isLive(r)).Take(surplus)];
    }

    private static ControllerRevision New<TOwner>(
        TOwner owner, PodTemplateSpec template, long number, int? collisionCount, string hashLabel)
        where TOwner : class, IKubernetesObject<TOwner>
    {
        const int longestPrefix = 223;
        var hash = TemplateHash.Of(template, collisionCount);
        var prefix = owner.Metadata.Name.Length > longestPrefix ? owner.Metadata.Name[..longestPrefix] : owner.Metadata.Name;
        return new ControllerRevision
        {
            Metadata =
            {
                Name = $"{prefix}-{hash}",
                Namespace = owner.Metadata.Namespace,
                Labels = new(template.Metadata.Labels.OrEmpty(), StringComparer.Ordinal) { [hashLabel] = hash },
                Annotations = owner.Metadata.Annotations is { Count: > 0 } annotations ? new(annotations, StringComparer.Ordinal) : null,
                OwnerReferences = [OwnerReferences.ToController(owner)],
            },
            Data = PatchOf(template),
            Revision = number,
        };
    }
}
