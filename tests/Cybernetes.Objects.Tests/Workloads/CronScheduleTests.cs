using System.Globalization;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Objects.Tests.Workloads;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("*/15 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z")]
    [InlineData("0 0 * * *", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("30 8-10/2 * * mon-fri", "2026-01-02T11:00:00Z", "2026-01-05T08:30:00Z")]
    [InlineData("0 12 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z")]
    [InlineData("0 12 13 * *", "2026-01-01T00:00:00Z", "2026-01-13T12:00:00Z")]
    [InlineData("0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("50/3 * * * *", "2026-01-01T00:51:00Z", "2026-01-01T00:53:00Z")]
    [InlineData("@hourly", "2026-01-01T00:59:59.5Z", "2026-01-01T01:00:00Z")]
    [InlineData("@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("@every 1h30m", "2026-01-01T00:00:10.7Z", "2026-01-01T01:30:10Z")]
    [InlineData("CRON_TZ=Asia/Tokyo 0 9 * * *", "2026-01-01T01:00:00Z", "2026-01-02T00:00:00Z")]
    public void Next_OfSchedule_IsTheFirstAfter(string schedule, string after, string expected) =>
        Assert.Equal(Time(expected), Next(schedule, after, "UTC"));

    [Theory]
    [InlineData("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z")] // the hour that is jumped over
    [InlineData("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")]
    [InlineData("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")] // the hour that comes twice
    [InlineData("0 0 * * *", "2026-06-01T12:00:00Z", "2026-06-01T22:00:00Z")]
    public void Next_AroundClockChanges_GoesByTheClockOnTheWall(string schedule, string after, string expected) =>
        Assert.Equal(Time(expected), Next(schedule, after, "Europe/Berlin"));

    [Fact]
    public void Next_OfADayThatNeverComes_IsNull() => Assert.Null(Next("0 0 30 2 *", "2026-01-01T00:00:00Z", "UTC"));

    [Theory]
    [InlineData("", "empty spec string")]
    [InlineData("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    [InlineData("60 * * * *", "end of range (60) above maximum (59): 60")]
    [InlineData("* * 0 * *", "beginning of range (0) below minimum (1): 0")]
    [InlineData("* * * * 7", "end of range (7) above maximum (6): 7")]
    [InlineData("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1")]
    [InlineData("*/0 * * * *", "step of range should be a positive number: */0")]
    [InlineData("1-2-3 * * * *", "too many hyphens: 1-2-3")]
    [InlineData("1/2/3 * * * *", "too many slashes: 1/2/3")]
    [InlineData("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax")]
    [InlineData("@often", "unrecognized descriptor: @often")]
    [InlineData("@every soon", "failed to parse duration @every soon: time: invalid duration \"soon\"")]
    [InlineData("TZ=Nowhere 0 * * * *", "provided bad location Nowhere: unknown time zone Nowhere")]
    public void Parse_OfNonsense_Explains(string schedule, string expected) => Assert.Equal(expected, CronSchedule.TryParse(schedule, out _));

    [Fact]
    public void Next_OfRandomSchedules_AgreesWithLookingAtEveryMinute()
    {
        var random = new Random(7);
        string Field(int low, int high) => random.Next(4) switch
        {
            0 => "*",
            1 => random.Next(low, high + 1).ToString(CultureInfo.InvariantCulture),
            2 => $"*/{random.Next(2, 9)}",
            _ => $"{low}-{random.Next(low, high + 1)}/{random.Next(1, 4)}",
        };
        for (var i = 0; i < 60; i++)
        {
            string[] fields = [Field(0, 59), Field(0, 23), Field(1, 28), "*", Field(0, 6)];
            Assert.Null(CronSchedule.TryParse(string.Join(' ', fields), out var schedule));
            var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(500_000));
            var slow = start.AddMinutes(1);
            while (!Matches(fields, slow))
                slow = slow.AddMinutes(1);
            Assert.Equal(slow, schedule!.Next(start, TimeZoneInfo.Utc));
        }
    }

    private static bool Matches(string[] fields, DateTimeOffset time)
    {
        var day = Has(fields[2], 1, 31, time.Day);
        var weekday = Has(fields[4], 0, 6, (int)time.DayOfWeek);
        var days = fields[2] == "*" || fields[4] == "*" ? day && weekday : day || weekday;
        return days && Has(fields[0], 0, 59, time.Minute) && Has(fields[1], 0, 23, time.Hour);
    }

    private static bool Has(string field, int low, int high, int value)
    {
        var parts = field.Split('/');
        var step = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 1;
        if (parts[0] != "*")
        {
            var ends = parts[0].Split('-');
            low = int.Parse(ends[0], CultureInfo.InvariantCulture);
            high = ends.Length == 2 ? int.Parse(ends[1], CultureInfo.InvariantCulture) : low;
        }
        return value >= low && value <= high && (value - low) % step == 0;
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static DateTimeOffset? Next(string text, string after, string zone)
    {
        Assert.Null(CronSchedule.TryParse(text, out var schedule));
        return schedule!.Next(Time(after), TimeZoneInfo.FindSystemTimeZoneById(zone));
    }
}
