using Kalends.Server.CommandLine;

return await KalendsCommandLine.Run(args, new Surroundings());
