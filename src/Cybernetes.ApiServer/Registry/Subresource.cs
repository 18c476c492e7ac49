using Cybernetes.ApiServer.Pipeline;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// A subresource other than status and scale: <c>pods/binding</c>, <c>pods/log</c>, <c>serviceaccounts/token</c>. One instance a kind; shared by
/// all requests.
/// </summary>
public abstract class Subresource
{
    /// <summary>Last part of the path, such as <c>binding</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Group of the kind that is sent or answered; empty for the core group.</summary>
    public virtual string Group => "";

    /// <summary>Version of that kind.</summary>
    public virtual string Version => "v1";

    /// <summary>That kind, as discovery names it.</summary>
    public abstract string Kind { get; }

    /// <summary>The verbs it has: create for POST, get for GET, patch, update.</summary>
    public abstract KindVerbs Verbs { get; }

    /// <summary>Whether POST and GET both open a stream (exec, attach, portforward): then both are allowed as get or create.</summary>
    public virtual bool IsStream => false;

    /// <summary>Answers a request for an object's subresource; failures are thrown.</summary>
    public abstract Task HandleAsync(ApiRequest request, RegistryServices services);
}
