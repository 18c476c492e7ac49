using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Registry.Subresources;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Service accounts: identities that pods run under.</summary>
internal sealed class ServiceAccountKind(ServiceAccountTokens tokens) : KindDefinition<ServiceAccount>
{
    public override bool ReturnsDeletedObject => true;

    public override IReadOnlyList<string> ShortNames => ["sa"];

    public override IReadOnlyList<Subresource> Subresources { get; } = [new TokenSubresource(tokens)];

    public override IReadOnlyList<Column<ServiceAccount>> Columns { get; } =
    [
        Column<ServiceAccount>.Name,
        CountColumn.Of<ServiceAccount>("Secrets", "Number of secrets named by the account.", s => s.Secrets?.Count ?? 0),
        Column<ServiceAccount>.Age,
    ];
}
