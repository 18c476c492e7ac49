namespace Cybernetes.Objects.Tests;

public class NamesTests
{
    private const string LabelError =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
        + "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string SubdomainError =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private static readonly string Long64 = new('a', 64);

    [Theory]
    [InlineData("web", null)]
    [InlineData("0-9", null)]
    [InlineData("a.b", "must not contain dots")]
    [InlineData("Web", LabelError)]
    [InlineData("-a", LabelError)]
    [InlineData("", LabelError)]
    public void Dns1123Label_Table_GivesUpstreamsMessages(string value, string? error) =>
        Assert.Equal(error is null ? [] : [error], Names.Dns1123Label(value));

    [Fact]
    public void Dns1123Label_TooLong_SaysHowLong() =>
        Assert.Equal(["must be no more than 63 characters"], Names.Dns1123Label(Long64));

    [Theory]
    [InlineData("web.example.com", null)]
    [InlineData("web..com", SubdomainError)]
    [InlineData("web.-a", SubdomainError)]
    [InlineData("WEB", SubdomainError)]
    [InlineData("web.", SubdomainError)]
    public void Dns1123Subdomain_Table_GivesUpstreamsMessages(string value, string? error) =>
        Assert.Equal(error is null ? [] : [error], Names.Dns1123Subdomain(value));

    [Fact]
    public void Dns1035Label_StartsWithADigit_IsRefused()
    {
        Assert.Empty(Names.Dns1035Label("a1"));
        Assert.Equal(
            ["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
                + "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"],
            Names.Dns1035Label("1a"));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("A.b_c-9")]
    [InlineData("example.com/Name")]
    public void QualifiedName_Valid_IsEmpty(string value) => Assert.Empty(Names.QualifiedName(value));

    [Fact]
    public void QualifiedName_Invalid_ExplainsEachPart()
    {
        const string Form =
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
            + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
        Assert.Equal(["name part must be non-empty", "name part " + Form], Names.QualifiedName(""));
        Assert.Equal(["name part must be no more than 63 bytes"], Names.QualifiedName(Long64));
        Assert.Equal(["prefix part must be non-empty"], Names.QualifiedName("/a"));
        Assert.Equal(["prefix part " + SubdomainError], Names.QualifiedName("A/a"));
        Assert.Equal(["name part " + Form], Names.QualifiedName("a b"));
        Assert.Equal(
            [$"a valid label key {Form} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"],
                Names.QualifiedName("a/b/c"));
    }

    [Fact]
    public void LabelValue_Table_GivesUpstreamsMessages()
    {
        Assert.Empty(Names.LabelValue(""));
        Assert.Empty(Names.LabelValue("v1.2_3-x"));
        Assert.Equal(["must be no more than 63 bytes"], Names.LabelValue(Long64));
        Assert.Equal(
            ["a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
                + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"],
            Names.LabelValue("a b"));
    }

    [Fact]
    public void PortName_Table_GivesUpstreamsMessages()
    {
        Assert.Empty(Names.PortName("http-2"));
        Assert.Equal(["must be no more than 15 characters"], Names.PortName("abcdefghijklmnop"));
        Assert.Equal(["must contain at least one letter (a-z)"], Names.PortName("80"));
        Assert.Equal(["must not contain consecutive hyphens"], Names.PortName("a--b"));
        Assert.Equal(["must not begin or end with a hyphen"], Names.PortName("a-"));
        Assert.Equal(
            ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)", "must contain at least one letter (a-z)"],
            Names.PortName("A"));
    }

    [Fact]
    public void KeysAndVariables_Table_GivesUpstreamsMessages()
    {
        Assert.Empty(Names.ConfigMapKey("app.conf"));
        Assert.Empty(Names.ConfigMapKey(".hidden"));
        Assert.Equal(["must not be '..'"], Names.ConfigMapKey(".."));
        Assert.Equal(["must not start with '..'"], Names.ConfigMapKey("..a"));
        Assert.Single(Names.ConfigMapKey("a/b"));
        Assert.Empty(Names.RelaxedEnvironmentVariable("1 a"));
        Assert.Single(Names.RelaxedEnvironmentVariable("a=b"));
        Assert.Single(Names.EnvironmentVariable("1A"));
        Assert.Equal(["must be between 1 and 65535, inclusive"], Names.PortNumber(0));
        Assert.Equal(["may not be '.'"], Names.PathSegment("."));
        Assert.Equal(["may not contain '/'"], Names.PathSegment("a/b"));
        Assert.Empty(Names.PathSegment("system:node"));
        Assert.Empty(Names.WildcardDns1123Subdomain("*.a.b"));
        Assert.Single(Names.WildcardDns1123Subdomain("*a.b"));
        Assert.Empty(Names.Dns1123SubdomainWithUnderscore("_sip._tcp.example.com"));
        Assert.Equal("aa", Names.MaskTrailingDash("aa-").Substring(0, 2));
    }
}
