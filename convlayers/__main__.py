"""`python -m convlayers`: what this installation is, and a demonstration."""

import argparse
import sys


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m convlayers", description="Keras CNNs on a CPU without TensorFlow.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("info", help="print version, instruction set, threads and CPU features")
    demo = commands.add_parser("demo", help="train a convolutional network on 4,000 handwritten digits, and save it")
    demo.add_argument("--folder", default=".", help="where digits.keras and digits.png are written (default: here)")
    demo.add_argument("--epochs", type=int, default=5, help="how often the digits are gone through (default: 5)")
    demo.add_argument("--data", help="path of Keras's mnist.npz, to train on all of MNIST")
    options = parser.parse_args(arguments)
    if options.command == "info":
        from convlayers.info import format_info

        print(format_info())
        return 0
    from convlayers.demo import run

    return run(options.folder, options.epochs, options.data)


if __name__ == "__main__":
    sys.exit(main())
