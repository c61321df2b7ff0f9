"""Reading final answers, comparing them, checking arithmetic, voting. Knows no teacher."""
