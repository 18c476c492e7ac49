using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Authentication;

/// <summary>Finds out who makes a request by one kind of credentials.</summary>
public interface IAuthenticator
{
    /// <summary>
    /// The user; null when the request carries no credentials of this kind. Credentials that are there and wrong are a failure:
    /// throw <c>Failure.Unauthorized()</c>.
    /// </summary>
    ValueTask<UserInfo?> AuthenticateAsync(HttpContext context);
}

/// <summary>The user that the in-process transport enters under. Only code of this process can set it.</summary>
internal sealed record InProcessIdentity(UserInfo User);

/// <summary>Takes the user from the in-process transport.</summary>
internal sealed class InProcessAuthenticator : IAuthenticator
{
    public ValueTask<UserInfo?> AuthenticateAsync(HttpContext context) => new(context.Features.Get<InProcessIdentity>()?.User);
}
