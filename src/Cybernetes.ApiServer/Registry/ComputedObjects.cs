using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>The objects of a kind that is not stored: they are found out when someone asks.</summary>
internal interface IComputedObjects
{
    /// <summary>All of them, by name.</summary>
    ValueTask<IReadOnlyList<IKubernetesObject>> ListAsync(RegistryServices services, CancellationToken cancellation);
}

/// <summary>GET of an object or of the collection of a kind that is not stored.</summary>
internal static class ComputedVerbs
{
    public static async Task HandleAsync(ApiRequest request, RegistryServices services, IComputedObjects computed)
    {
        var kind = request.Kind;
        var all = await computed.ListAsync(services, request.Aborted);
        if (request.Info.Verb == "get" && request.Info.Name.Length > 0)
        {
            var one = all.FirstOrDefault(o => o.Metadata.Name == request.Info.Name) ?? throw Failure.NotFound(kind.Resource, request.Info.Name);
            await Answers.WriteObjectAsync(request, 200, StoredJson.Write(kind, one));
            return;
        }
        var options = ListOptions.Read(request, watch: false);
        var records = all.Select(o => Record.Unstored(RegistryServices.KeyOf(kind, o.Metadata.Namespace, o.Metadata.Name), StoredJson.Write(kind, o)))
            .Where(options.Filter.Matches);
        await ListWriter.WriteAsync(request, new([.. records], 0, "", null));
    }
}
