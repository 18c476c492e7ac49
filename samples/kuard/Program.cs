using System.Runtime.InteropServices;
using Cybernetes.Samples.Kuard;

// A small web app to look at a cluster with: which pod answered, what it was asked and how it is set up; its health and
// readiness can be switched off and on. After SIGTERM it keeps answering for KUARD_DRAIN_SECONDS (default 3), so that
// requests which the service proxy still sends here succeed, then finishes what is running and leaves.

var clock = TimeProvider.System;
var about = About.OfThisProcess(clock);
var health = new HealthSwitch("healthy");
var readiness = new HealthSwitch("ready");
var leaving = false;

var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().UseUrls($"http://*:{about.Port}");
builder.WebHost.ConfigureKestrel(server => server.AddServerHeader = false);
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
await using var app = builder.Build();

app.Run(async context =>
{
    if (leaving)
        context.Response.Headers.Connection = "close";
    await Routes.AnswerAsync(context, about, health, readiness);
    if (context.Request.Path.Value is not ("/healthy" or "/ready"))
        Console.WriteLine($"{context.Connection.RemoteIpAddress} {context.Request.Method} {context.Request.Path} {context.Response.StatusCode}");
});

using var done = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Leave);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Leave);
await app.StartAsync();
Console.WriteLine($"kuard {about.Version} on {about.HostName} listens on port {about.Port}");
try
{
    await Task.Delay(Timeout.InfiniteTimeSpan, clock, done.Token);
}
catch (OperationCanceledException)
{
    Console.WriteLine($"asked to leave: answering for another {about.DrainSeconds} s");
}
await Task.Delay(TimeSpan.FromSeconds(about.DrainSeconds), clock);
await app.StopAsync();
Console.WriteLine("gone");

void Leave(PosixSignalContext signal)
{
    signal.Cancel = true; // we end the process ourselves
    leaving = true;
    done.Cancel();
}
