"""What a build will take: requests, tokens, hours, cost, disk, files and uploads (`kpmath plan`)."""
