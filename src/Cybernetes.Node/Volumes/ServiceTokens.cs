using System.Collections.Concurrent;
using Cybernetes.Node.Pods;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Volumes;

/// <summary>
/// Service account tokens bound to pods, kept and renewed as upstream: when less than a fifth of the life is left, or after a
/// day. Safe for
/// concurrent use.
/// </summary>
internal sealed class ServiceTokens(IPodObjects objects, TimeProvider time)
{
    private const long DefaultSeconds = 3600;
    private static readonly TimeSpan MostAge = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<(string PodUid, string Audience, long Seconds), Kept> _kept = new();

    public async Task<string> GetAsync(Pod pod, ServiceAccountTokenProjection wanted, CancellationToken cancellation)
    {
        var seconds = wanted.ExpirationSeconds ?? DefaultSeconds;
        var key = (pod.Metadata.UID, wanted.Audience, seconds);
        var now = time.GetUtcNow();
        if (_kept.TryGetValue(key, out var kept) && !IsOld(kept, now))
            return kept.Token;
        var request = new TokenRequest
        {
            Spec = new TokenRequestSpec
            {
                Audiences = wanted.Audience.Length > 0 ? [wanted.Audience] : null,
                ExpirationSeconds = seconds,
                BoundObjectRef = new BoundObjectReference
                {
                    APIVersion = "v1",
                    Kind = "Pod",
                    Name = pod.Metadata.Name,
                    UID = pod.Metadata.UID,
                },
            },
        };
        var account = pod.Spec.ServiceAccountName.Length > 0 ? pod.Spec.ServiceAccountName : "default";
        try
        {
            var answer = await objects.TokenAsync(pod.Metadata.Namespace, account, request, cancellation).ConfigureAwait(false);
            var expires = answer.Status.ExpirationTimestamp ?? now + TimeSpan.FromSeconds(seconds);
            _kept[key] = new Kept(answer.Status.Token, now, expires);
            return answer.Status.Token;
        }
        catch (Client.Transport.ApiStatusException) when (kept is not null && now < kept.Expires)
        {
            // The old one is good for a while yet; the next refresh tries again.
            return kept.Token;
        }
    }

    public void Forget(string podUid)
    {
        foreach (var key in _kept.Keys.Where(key => key.PodUid == podUid))
            _kept.TryRemove(key, out _);
    }

    private static bool IsOld(Kept kept, DateTimeOffset now)
    {
        var life = kept.Expires - kept.Made;
        return now > kept.Expires - (life * 0.2) || now > kept.Made + MostAge;
    }

    private sealed record Kept(string Token, DateTimeOffset Made, DateTimeOffset Expires);
}
