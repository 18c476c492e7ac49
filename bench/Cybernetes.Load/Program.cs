using Cybernetes.Load.Commands;

return CommandLine.Run(args, Console.Out, Console.Error);
