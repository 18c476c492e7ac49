return await Cybernetes.Controllers.Bench.CommandLine.RunAsync(args, Console.Out, Console.Error);
