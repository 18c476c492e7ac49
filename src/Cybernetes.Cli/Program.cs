using Cybernetes.Cli;
using Cybernetes.Cli.Commands;

return await CommandLine.RunAsync(args, Parts.Commands(), new CommandConsole(Console.Out, Console.Error)).ConfigureAwait(false);
