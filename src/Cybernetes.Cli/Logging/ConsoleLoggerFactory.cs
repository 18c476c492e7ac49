using System.Text;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Logging;

/// <summary>
/// Writes each message as one line to a writer, the program's standard error: time, level, part, text. Under systemd's journal,
/// which knows the time
/// itself, a line starts with the priority (sd-daemon's &lt;N&gt;) instead.
/// </summary>
/// <param name="verbosity">klog's -v: up to 3 information and worse, 4 and 5 debug too, from 6 on everything.</param>
internal sealed class ConsoleLoggerFactory(TextWriter output, int verbosity, bool forJournal, TimeProvider time) : ILoggerFactory
{
    private readonly Lock _gate = new();
    private readonly LogLevel _least = verbosity >= 6 ? LogLevel.Trace : verbosity >= 4 ? LogLevel.Debug : LogLevel.Information;

    /// <summary>A factory on standard error; whether that is the journal shows in the environment.</summary>
    public static ConsoleLoggerFactory OnStandardError(int verbosity, TimeProvider time)
    {
        // Not Console.Error: its encoding set-up costs start-up time, and a line must reach the file in one write.
        var output = new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false), 4096) { AutoFlush = false };
        return new ConsoleLoggerFactory(
            output, verbosity, Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 }, time);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("there is one place for log lines");

    public void Dispose()
    {
        lock (_gate)
            output.Flush();
    }

    private void Write(LogLevel level, string category, string message, Exception? failure)
    {
        lock (_gate)
        {
            if (forJournal)
                output.Write(Priority(level));
            else
            {
                output.Write(
                    time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fff'Z '", System.Globalization.CultureInfo.InvariantCulture));
                output.Write(Letter(level));
                output.Write(' ');
            }
            output.Write(category);
            output.Write(": ");
            WriteOnOneLine(message);
            if (failure is not null)
            {
                output.Write(" (");
                WriteOnOneLine(level >= LogLevel.Error ? failure.ToString() : $"{failure.GetType().Name}: {failure.Message}");
                output.Write(')');
            }
            output.Write('\n');
            output.Flush();
        }
    }

    private void WriteOnOneLine(ReadOnlySpan<char> text)
    {
        foreach (Range line in text.Split('\n'))
        {
            if (line.Start.Value > 0)
                output.Write(" | ");
            output.Write(text[line].Trim());
        }
    }

    private static string Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => "<2>",
        LogLevel.Error => "<3>",
        LogLevel.Warning => "<4>",
        LogLevel.Information => "<6>",
        _ => "<7>",
    };

    private static char Letter(LogLevel level) => level switch
    {
        LogLevel.Critical => 'F',
        LogLevel.Error => 'E',
        LogLevel.Warning => 'W',
        LogLevel.Information => 'I',
        _ => 'D',
    };

    private sealed class Logger(ConsoleLoggerFactory factory, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        // The web server tells every request and its query, in which exec carries commands: that is for debugging only.
        private readonly LogLevel _least = category.StartsWith("Microsoft.", StringComparison.Ordinal) && factory._least > LogLevel.Debug
            ? LogLevel.Warning
            : factory._least;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _least && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                factory.Write(logLevel, category, formatter(state, exception), exception);
        }
    }
}
