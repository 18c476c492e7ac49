using System.Net;
using Cybernetes.Cli.Flags;

namespace Cybernetes.Cli.Tests.Flags;

public sealed class FlagSetTests
{
    private readonly FlagSet _flags = new();
    private readonly Flag<string> _name;
    private readonly Flag<bool> _on;
    private readonly Flag<int> _verbosity;
    private readonly Flag<TimeSpan> _wait;
    private readonly Flag<IPAddress?> _address;
    private readonly Flag<IReadOnlyList<string>> _disable;

    public FlagSetTests()
    {
        _name = _flags.Text("node-name", "here", "The name");
        _on = _flags.Switch("leader-elect", false, "Elect");
        _verbosity = _flags.Number("v", 2, "Level", 0, 10, 'v');
        _wait = _flags.Duration("wait", TimeSpan.FromSeconds(10), "Wait");
        _address = _flags.Address("bind-address", "0.0.0.0", "Bind");
        _disable = _flags.Choices("disable", ["scheduler", "proxy"], "Parts");
    }

    [Fact]
    public void Parse_EveryForm_SetsTheValue()
    {
        IReadOnlyList<string> rest = _flags.Parse(
            ["--node-name=a", "--leader-elect", "one", "--wait", "1m30s", "-v4", "--bind_address", "::1",
                "--disable=proxy,scheduler", "--", "--x"]);
        Assert.Equal("a", _name.Value);
        Assert.True(_on.Value);
        Assert.Equal(4, _verbosity.Value);
        Assert.Equal(TimeSpan.FromSeconds(90), _wait.Value);
        Assert.Equal(IPAddress.IPv6Loopback, _address.Value);
        Assert.Equal(["proxy", "scheduler"], _disable.Value);
        Assert.Equal(["one", "--x"], rest);
    }

    [Theory]
    [InlineData("-v", "6")]
    [InlineData("-v=6", null)]
    [InlineData("-v6", null)]
    [InlineData("--v", "6")]
    public void Parse_Verbosity_InAllForms(string first, string? second)
    {
        _flags.Parse(second is null ? [first] : [first, second]);
        Assert.Equal(6, _verbosity.Value);
    }

    [Fact]
    public void Parse_Nothing_LeavesDefaults()
    {
        Assert.Empty(_flags.Parse([]));
        Assert.Equal("here", _name.Value);
        Assert.False(_name.IsSet);
        _flags.Parse(["--leader-elect=false"]);
        Assert.True(_on.IsSet);
        Assert.False(_on.Value);
    }

    [Theory]
    [InlineData("unknown flag: --foo", "--foo")]
    [InlineData("unknown flag: --nodename (did you mean --node-name?)", "--nodename=x")]
    [InlineData("unknown shorthand flag: 'x' in -x", "-x")]
    [InlineData("flag needs an argument: --node-name", "--node-name")]
    [InlineData("flag needs an argument: 'v' in -v", "-v")]
    [InlineData("bad flag syntax: --=a", "--=a")]
    [InlineData("invalid argument \"x\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"x\": invalid syntax", "-v=x")]
    [InlineData("invalid argument \"11\" for \"-v, --v\" flag: must be between 0 and 10", "--v=11")]
    [InlineData("invalid argument \"maybe\" for \"--leader-elect\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        "--leader-elect=maybe")]
    [InlineData("invalid argument \"5\" for \"--wait\" flag: time: missing unit in duration \"5\"", "--wait=5")]
    [InlineData("invalid argument \"5x\" for \"--wait\" flag: time: unknown unit \"x\" in duration \"5x\"", "--wait=5x")]
    [InlineData("invalid argument \"1\" for \"--bind-address\" flag: failed to parse IP: \"1\"", "--bind-address=1")]
    [InlineData(
        "invalid argument \"proxy,dns\" for \"--disable\" flag: \"dns\" is none of scheduler, proxy", "--disable=proxy,dns")]
    public void Parse_Wrong_SaysWhatAndWhere(string expected, string argument)
    {
        FlagException failure = Assert.Throws<FlagException>(() => _flags.Parse([argument]));
        Assert.Equal(expected, failure.Message);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("250ms", 250)]
    [InlineData("1.5s", 1500)]
    [InlineData("1h2m3s", 3723000)]
    [InlineData("-2s", -2000)]
    public void Duration_GoForms_AreRead(string text, double milliseconds) =>
        Assert.Equal(milliseconds, FlagValues.Duration(text).TotalMilliseconds);

    [Theory]
    [InlineData(90, "1m30s")]
    [InlineData(3600, "1h0m0s")]
    [InlineData(0, "0s")]
    [InlineData(0.25, "250ms")]
    [InlineData(1.5, "1.5s")]
    public void Duration_Shown_AsGoShowsIt(double seconds, string expected) =>
        Assert.Equal(expected, FlagValues.Show(TimeSpan.FromSeconds(seconds)));
}
