using Cybernetes.Simulator.Running;

return CommandLine.Run(args, Console.Out, Console.Error);
