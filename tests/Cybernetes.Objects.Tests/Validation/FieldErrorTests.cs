using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Objects.Tests;

public class FieldErrorTests
{
    private static readonly FieldPath Path = FieldPath.Of("spec", "x");

    [Fact]
    public void Text_EachType_IsUpstreams()
    {
        Assert.Equal("spec.x: Invalid value: \"a\": must be b", FieldError.Invalid(Path, "a", "must be b").ToString());
        Assert.Equal("spec.x: Invalid value: -1: must be positive", FieldError.Invalid(Path, -1, "must be positive").ToString());
        Assert.Equal("spec.x: Invalid value: null: bad", FieldError.Invalid(Path, null, "bad").ToString());
        Assert.Equal("spec.x: Invalid value: [\"a\",\"b\"]: bad",
            FieldError.Invalid(Path, new List<string> { "a", "b" }, "bad").ToString());
        Assert.Equal("spec.x: Required value", FieldError.Required(Path, "").ToString());
        Assert.Equal("spec.x: Required value: say it", FieldError.Required(Path, "say it").ToString());
        Assert.Equal("spec.x: Duplicate value: \"a\"", FieldError.Duplicate(Path, "a").ToString());
        Assert.Equal("spec.x: Not found: \"a\"", FieldError.NotFound(Path, "a").ToString());
        Assert.Equal("spec.x: Forbidden: no", FieldError.Forbidden(Path, "no").ToString());
        Assert.Equal("spec.x: Unsupported value: \"C\": supported values: \"A\", \"B\"",
            FieldError.NotSupported(Path, "C", "A", "B").ToString());
        Assert.Equal("spec.x: Too long: may not be more than 5 bytes", FieldError.TooLong(Path, 5).ToString());
        Assert.Equal("spec.x: Too long: may not be more than 1 character", FieldError.TooLongCharacters(Path, 1).ToString());
        Assert.Equal("spec.x: Too many: 7: must have at most 5 items", FieldError.TooMany(Path, 7, 5).ToString());
        Assert.Equal("spec.x: Too many: must have at most 1 item", FieldError.TooMany(Path, -1, 1).ToString());
        Assert.Equal("spec.x: Too few: 0: must have at least 1 item", FieldError.TooFew(Path, 0, 1).ToString());
        Assert.Equal("spec.x: Internal error: oops", FieldError.Internal(Path, "oops").ToString());
        Assert.Equal("<nil>: Required value", FieldError.Required(null, "").ToString());
    }

    [Fact]
    public void Text_ApiValues_AreJson()
    {
        Assert.Equal("spec.x: Invalid value: \"1\": bad", FieldError.Invalid(Path, Quantity.Parse("1000m"), "bad").ToString());
        Assert.Equal("spec.x: Invalid value: 80: bad", FieldError.Invalid(Path, IntOrString.FromInt(80), "bad").ToString());
        ContainerPort port = new() { ContainerPortValue = 80 };
        Assert.Equal("spec.x: Invalid value: {\"containerPort\":80}: bad", FieldError.Invalid(Path, port, "bad").ToString());
    }

    [Fact]
    public void Path_IndexAndKey_AreInBrackets() =>
        Assert.Equal(
            "spec.containers[0].resources.limits[cpu]",
            FieldPath.Of("spec").Child("containers").Index(0).Child("resources", "limits").Key("cpu").ToString());

    [Fact]
    public void Aggregate_RepeatedErrors_AreToldOnce()
    {
        FieldErrorList errors = [FieldError.Required(Path, ""), FieldError.Required(Path, "")];
        Assert.Equal("spec.x: Required value", errors.Aggregate());
        errors.Add(FieldError.Forbidden(Path, "no"));
        Assert.Equal("[spec.x: Required value, spec.x: Forbidden: no]", errors.Aggregate());
    }

    [Fact]
    public void Annotations_Oversized_AreTooLong()
    {
        FieldErrorList errors = [];
        FieldRules.Annotations(new() { ["A/b"] = new string('x', 256 * 1024) }, FieldPath.Of("metadata", "annotations"), errors);
        Assert.Equal("metadata.annotations: Too long: may not be more than 262144 bytes", errors.Aggregate());
    }

    [Fact]
    public void Labels_Invalid_NameKeyAndValue()
    {
        FieldErrorList errors = [];
        FieldRules.Labels(new() { ["b"] = "a b", ["a a"] = "x", ["c"] = "fine" }, FieldPath.Of("metadata", "labels"), errors);
        Assert.Equal(["a a", "a b"], errors.Select(error => error.BadValue));
    }

    [Theory]
    [InlineData("10.0.0.1", null)]
    [InlineData("2001:db8::1", null)]
    [InlineData("::", null)]
    [InlineData("010.0.0.1", "must not have leading 0s")]
    [InlineData("::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address")]
    [InlineData("10.0.0", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    [InlineData("10.0.0.256", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    [InlineData("fe80::1%eth0", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    [InlineData("1::2::3", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    [InlineData("2001:DB8::1", "must be in canonical form (\"2001:db8::1\")")]
    [InlineData("1:0:0:2:0:0:0:3", "must be in canonical form (\"1:0:0:2::3\")")]
    public void Ip_Table_GivesUpstreamsMessages(string value, string? error)
    {
        FieldErrorList errors = [];
        IpRules.Ip(value, Path, errors);
        Assert.Equal(error is null ? [] : [error], errors.Select(e => e.Detail));
    }

    [Theory]
    [InlineData("10.0.0.0/8", null)]
    [InlineData("2001:db8::/32", null)]
    [InlineData("10.0.0.1/8", "must not have bits set beyond the prefix length")]
    [InlineData("10.0.0.0/08", "must not have leading 0s in IP or prefix length")]
    [InlineData("10.0.0.0/33", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")]
    [InlineData("10.0.0.0", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")]
    public void Cidr_Table_GivesUpstreamsMessages(string value, string? error)
    {
        FieldErrorList errors = [];
        IpRules.Cidr(value, Path, errors);
        Assert.Equal(error is null ? [] : [error], errors.Select(e => e.Detail));
    }
}
