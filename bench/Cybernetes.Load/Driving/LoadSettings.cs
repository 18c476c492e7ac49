using Cybernetes.Load.Connections;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Driving;

/// <summary>What to do to which server.</summary>
internal sealed record LoadSettings
{
    public required Endpoint Endpoint { get; init; }

    public required string Scenario { get; init; }

    /// <summary>How results are called; default: the scenario.</summary>
    public string Label { get => field.Length > 0 ? field : Scenario; init; } = "";

    /// <summary>Connections, each with one request at a time. With a watch: the writers.</summary>
    public int Clients { get; init; } = 16;

    public double Seconds { get; init; } = 10;

    /// <summary>Requests to measure instead of a time; 0: by time.</summary>
    public long Count { get; init; }

    /// <summary>The same work before it counts. Servers that compile as they run need it, caches fill.</summary>
    public double WarmUpSeconds { get; init; } = 2;

    public string Resource { get; init; } = "configmaps";

    /// <summary>An object as it goes over the wire; 0: 1,024 for config maps, 2,048 for pods.</summary>
    public int Bytes { get; init; }

    public string Namespace { get; init; } = "load";

    /// <summary>More than one: NAMESPACE-000 and so on.</summary>
    public int Namespaces { get; init; } = 1;

    public string Prefix { get; init; } = "load-";

    /// <summary>Objects that are there before reads and changes begin; missing ones are made.</summary>
    public int Objects { get; init; } = 1000;

    /// <summary>They are known to be there.</summary>
    public bool IsFilled { get; init; }

    /// <summary>Objects a page.</summary>
    public int Limit { get; init; } = 500;

    public string Accept { get; init; } = "application/json";

    public bool Gzip { get; init; }

    public int Watchers { get; init; } = 200;

    /// <summary>Watch only: create new objects, or update those that are there.</summary>
    public bool WatchCreates { get; init; } = true;

    /// <summary>Requests a second of all clients together; 0: each client as fast as it is answered.</summary>
    public double Rate { get; init; }

    /// <summary>The server's processes, for memory and processor time.</summary>
    public IReadOnlyList<int> ProcessIds { get; init; } = [];

    public bool ShowProgress { get; init; }

    public int Seed { get; init; } = 1;

    public ObjectBody Body => ObjectBody.Of(Resource, Prefix, Bytes);

    /// <summary>The namespace as a draft's text.</summary>
    public string NamespaceText => Namespaces > 1 ? $"{Namespace}-{Slots.Namespace}" : Namespace;

    public string CollectionPath => $"/api/v1/namespaces/{NamespaceText}/{Resource}";

    /// <summary>Where all objects of all our namespaces are listed.</summary>
    public string ListPath => Namespaces > 1 ? $"/api/v1/{Resource}" : CollectionPath;

    public RequestDraft Draft(string method, string path, string body = "", string contentType = "application/json") => new(method, path)
    {
        Accept = Accept, AcceptEncoding = Gzip ? "gzip" : "", Body = body, ContentType = contentType,
    };
}
