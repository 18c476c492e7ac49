using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Foundation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cybernetes.ApiServer.Tests.Authentication;

public sealed class ClientCertificateAuthenticatorTests
{
    [Fact]
    public async Task Certificate_SeenBefore_SameUserOnEveryConnection()
    {
        using var authority = new TestCertificates();
        var asked = new Asked(authority);
        using var shown = authority.Client("CN=jane, O=dev");
        using var again = X509CertificateLoader.LoadCertificate(shown.RawData);

        var first = await asked.ByAsync(shown);
        Assert.Equal("jane", first!.Name);
        Assert.Same(first, await asked.ByAsync(shown));
        Assert.Same(first, await asked.ByAsync(again));
    }

    [Fact]
    public async Task Certificate_RunsOutWhileConnected_IsRefused()
    {
        using var authority = new TestCertificates();
        var time = new VirtualTimeProvider(new(2079, 12, 30, 0, 0, 0, TimeSpan.Zero));
        var asked = new Asked(authority, time);
        using var shown = authority.Client("CN=jane");
        Assert.NotNull(await asked.ByAsync(shown));

        time.Advance(TimeSpan.FromDays(3));
        await Assert.ThrowsAsync<RequestFailure>(async () => await asked.ByAsync(shown));
    }

    [Fact]
    public async Task Authorities_ChangedWhileConnected_CountAtOnce()
    {
        using var authority = new TestCertificates();
        using var other = new TestCertificates("other-ca");
        var asked = new Asked(authority);
        using var shown = authority.Client("CN=jane");
        Assert.NotNull(await asked.ByAsync(shown));

        asked.Trusted = [other.Authority];
        await Assert.ThrowsAsync<RequestFailure>(async () => await asked.ByAsync(shown));
        asked.Trusted = [other.Authority, authority.Authority];
        Assert.NotNull(await asked.ByAsync(shown));
    }

    private sealed class Asked
    {
        private readonly ClientCertificateAuthenticator _authenticator;

        public Asked(TestCertificates authority, TimeProvider? time = null)
        {
            Trusted = [authority.Authority];
            _authenticator = new(() => Trusted, time ?? TimeProvider.System);
        }

        public X509Certificate2Collection Trusted { get; set; }

        public ValueTask<UserInfo?> ByAsync(X509Certificate2 certificate)
        {
            var http = new DefaultHttpContext();
            http.Features.Set<ITlsConnectionFeature>(new TlsConnectionFeature { ClientCertificate = certificate });
            return _authenticator.AuthenticateAsync(http);
        }
    }
}
