using System.Net.Http.Headers;
using System.Text;
using Cybernetes.Client.Kubeconfig;

namespace Cybernetes.Client.Transport;

/// <summary>
/// Puts the credentials and the impersonation of an access on every request. A token file is read again at most once a minute.
/// </summary>
internal sealed class CredentialHandler(
    ClusterAccess access, TimeProvider time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // client-go's period: bound tokens are rotated long before they end.
    private static readonly TimeSpan rereadAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private string _fileToken = "";
    private long _readAt;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string token = access.TokenFile.Length > 0 ? FileToken() : access.Token;
        if (token.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        else if (access.Username.Length > 0)
        {
            string pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{access.Username}:{access.Password}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", pair);
        }
        if (access.ActAs.Length > 0)
            Impersonate(request.Headers);
        return base.SendAsync(request, cancellationToken);
    }

    private void Impersonate(HttpRequestHeaders headers)
    {
        headers.TryAddWithoutValidation("Impersonate-User", access.ActAs);
        if (access.ActAsUid.Length > 0)
            headers.TryAddWithoutValidation("Impersonate-Uid", access.ActAsUid);
        foreach (string group in access.ActAsGroups)
            headers.TryAddWithoutValidation("Impersonate-Group", group);
        foreach ((string key, IReadOnlyList<string> values) in access.ActAsExtra)
            headers.TryAddWithoutValidation("Impersonate-Extra-" + Uri.EscapeDataString(key), values);
    }

    private string FileToken()
    {
        lock (_gate)
        {
            if (_fileToken.Length > 0 && time.GetElapsedTime(_readAt) < rereadAfter)
                return _fileToken;
            try
            {
                string read = File.ReadAllText(access.TokenFile).Trim();
                if (read.Length > 0)
                    _fileToken = read;
            }
            catch (IOException) when (_fileToken.Length > 0)
            {
                // The file is being replaced: the last token is good for longer than the next minute.
            }
            _readAt = time.GetTimestamp();
            return _fileToken.Length > 0 ? _fileToken : throw new KubeconfigException($"token file {access.TokenFile} is empty");
        }
    }
}
