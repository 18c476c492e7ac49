using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Xunit;

namespace Cybernetes.Scheduler.Tests.Plugins.DynamicResources;

public sealed class CapacityRulesTests
{
    private static Quantity? Parse(string? text) => text is null ? null : Quantity.Parse(text);

    /// <summary>What a request takes of 10 units; null where it may not.</summary>
    private static string? Taken(string? asked, CapacityRequestPolicy? policy)
    {
        var device = new Device { Capacity = new() { ["x"] = new() { Value = Quantity.Parse("10"), RequestPolicy = policy } } };
        var wanted = new Dictionary<string, Quantity>();
        if (asked is not null)
            wanted["x"] = Quantity.Parse(asked);
        return CapacityRules.Consumed(device, wanted)?["x"].ToString();
    }

    [Theory]
    [InlineData(null, null, "10")]
    [InlineData(null, "3", "3")]
    [InlineData("4", null, "4")]
    [InlineData("4", "3", "4")]
    public void Consumed_WithoutAPolicyForValues_IsWhatIsAskedFor(string? asked, string? usual, string expected) =>
        Assert.Equal(expected, Taken(asked, usual is null ? null : new() { Default = Parse(usual) }));

    [Theory]
    [InlineData("1", "2")]
    [InlineData("2", "2")]
    [InlineData("3", "4")]
    [InlineData("7", "8")]
    [InlineData("9", null)]
    [InlineData(null, "6")]
    public void Consumed_Range_RoundsUpToTheNextStep(string? asked, string? expected) => Assert.Equal(expected, Taken(asked, new()
    {
        Default = Quantity.Parse("6"), ValidRange = new() { Min = Quantity.Parse("2"), Max = Quantity.Parse("8"), Step = Quantity.Parse("2") },
    }));

    [Theory]
    [InlineData("1", "1")]
    [InlineData("2", "5")]
    [InlineData("6", null)]
    [InlineData(null, "1")]
    public void Consumed_ValidValues_TakesTheNextOfThem(string? asked, string? expected) => Assert.Equal(expected, Taken(asked, new()
    {
        Default = Quantity.Parse("1"), ValidValues = [Quantity.Parse("1"), Quantity.Parse("5")],
    }));

    [Fact]
    public void Consumed_UnknownCapacity_CannotBeHad() =>
        Assert.Null(CapacityRules.Consumed(new Device(), new Dictionary<string, Quantity> { ["x"] = Quantity.Parse("1") }));
}
