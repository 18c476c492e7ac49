using System.Reflection;
using Cybernetes.Foundation;

namespace Cybernetes.Client.Transport;

/// <summary>How an <see cref="ApiClient"/> behaves. All defaults suit a component of the cluster.</summary>
public sealed record ApiClientOptions
{
    /// <summary>Sent as User-Agent. Default: cyb/VERSION.</summary>
    public string UserAgent { get; init; } = $"cyb/v{typeof(ApiClientOptions).Assembly.GetName().Version?.ToString(3) ?? "0"}";

    /// <summary>
    /// The agent that a part sends when it acts under a user of the system, as upstream's parts call themselves: the server keeps it as the manager of
    /// the fields that the part sets.
    /// </summary>
    public static string AgentOf(string user) => user switch
    {
        "system:kube-controller-manager" => "kube-controller-manager",
        "system:kube-scheduler" => "kube-scheduler",
        "system:kube-proxy" => "kube-proxy",
        _ when user.StartsWith("system:node:", StringComparison.Ordinal) => "kubelet",
        _ => new ApiClientOptions().UserAgent,
    };

    /// <summary>The clock of time-outs and retries.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The source of the retries' jitter.</summary>
    public IRandomSource Random { get; init; } = Chance.Cryptographic;

    /// <summary>
    /// The longest a call may take, watches and log streams apart; infinite turns it off. Default: 60 s, as long as an upstream
    /// API server
    /// works on a request.
    /// </summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long an informer's watch lasts before it is opened anew, up to twice as long by chance, so that clients even out over servers. Default: 5 min,
    /// as client-go.
    /// </summary>
    public TimeSpan ShortestWatch { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How often a call that the server asked to repeat (429, or 5xx, with Retry-After) is repeated. Default: 10, as client-go.
    /// </summary>
    public int MaxRetries { get; init; } = 10;

    /// <summary>
    /// How often a call is repeated when no connection could be made. Default: 3; informers have their own patience.
    /// </summary>
    public int MaxConnectRetries { get; init; } = 3;

    /// <summary>The delays between tries when the server names none. Default: 100 ms doubling to 2 s, with jitter.</summary>
    public BackoffOptions Backoff { get; init; } = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2)) { Jitter = 0.5 };

    /// <summary>The largest answer read into memory, in bytes. Default: 512 MiB; pages of a list are far below it.</summary>
    public long MaxResponseBytes { get; init; } = 512L << 20;
}
