using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Foundation;

namespace Cybernetes.Client.Tests.Queues;

public sealed class ControllerExpectationsTests
{
    private static readonly ObjectKey key = new("default", "web");
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public void Expectations_UntilAllIsSeen_AreNotSatisfied()
    {
        var expectations = new ControllerExpectations(_time);
        Assert.True(expectations.IsSatisfied(key));
        expectations.ExpectCreations(key, 2);
        expectations.CreationObserved(key);
        Assert.False(expectations.IsSatisfied(key));
        expectations.CreationObserved(key);
        Assert.True(expectations.IsSatisfied(key));
    }

    [Fact]
    public void Expectations_SameDeletionSeenTwice_CountsOnce()
    {
        var expectations = new ControllerExpectations(_time);
        expectations.ExpectDeletions(key, ["u1", "u2"]);
        expectations.DeletionObserved(key, "u1");
        expectations.DeletionObserved(key, "u1");
        expectations.DeletionObserved(key, "stranger");
        Assert.False(expectations.IsSatisfied(key));
        expectations.DeletionObserved(key, "u2");
        Assert.True(expectations.IsSatisfied(key));
    }

    [Fact]
    public void Expectations_FiveMinutesLater_NoLongerHoldBack()
    {
        var expectations = new ControllerExpectations(_time);
        expectations.ExpectDeletions(key, 1);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(expectations.IsSatisfied(key));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(expectations.IsSatisfied(key));
    }
}
