using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A part of an object that is read and written as the object, by a strategy of its own (resize, ephemeralcontainers, approval).</summary>
/// <param name="name">Its name in paths.</param>
/// <param name="group">The group of the object.</param>
/// <param name="kind">The kind of the object.</param>
/// <param name="strategy">What a write through it may change.</param>
internal sealed class PartSubresource(string name, string group, string kind, WriteStrategy strategy) : Subresource
{
    public override string Name => name;

    public override string Group => group;

    public override string Kind => kind;

    public override KindVerbs Verbs => KindVerbs.Get | KindVerbs.Patch | KindVerbs.Update;

    public override Task HandleAsync(ApiRequest request, RegistryServices services) => request.Info.Verb switch
    {
        "get" => GetVerb.HandleAsync(request, services),
        "patch" => PatchVerb.HandleAsync(request, services, strategy),
        _ => UpdateVerb.HandleAsync(request, services, strategy),
    };
}
