"""Kernels compiled for one instruction set; filled by the build."""
