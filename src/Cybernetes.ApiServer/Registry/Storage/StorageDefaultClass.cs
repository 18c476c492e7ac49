using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>The annotations that make a storage class the one of claims that name none.</summary>
internal static class StorageDefaultClass
{
    private const string Annotation = "storageclass.kubernetes.io/is-default-class";
    private const string BetaAnnotation = "storageclass.beta.kubernetes.io/is-default-class";

    public static bool Is(ObjectMeta metadata) => metadata.Annotations is { } annotations
        && (annotations.GetValueOrDefault(Annotation) == "true" || annotations.GetValueOrDefault(BetaAnnotation) == "true");
}
