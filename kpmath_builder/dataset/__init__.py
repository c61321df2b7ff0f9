"""What leaves a build: the columns, the Parquet tables, the dataset card and its figures, and loading them."""
