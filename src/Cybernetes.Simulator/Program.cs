using Cybernetes.Simulator.Running;

return CommandLine.Run(args, Console.In, Console.Out, Console.Error);
