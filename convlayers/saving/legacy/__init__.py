"""What older versions of Keras called things, and how they laid out their files. Loaded only for such a file."""
