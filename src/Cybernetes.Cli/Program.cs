Console.Error.WriteLine("cyb: no parts yet");
return 2;
