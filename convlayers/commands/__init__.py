"""What `python -m convlayers` does with files of models."""
