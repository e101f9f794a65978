"""`python -m convlayers inspect FILE`: who wrote a file, what is in it, and who can read it."""

from convlayers.commands.errors import lines_of_cause, reported
from convlayers.commands.file_facts import is_known, layers_in, name_of, read_facts
from convlayers.commands.output import print_table, printable, working
from convlayers.commands.which_keras import READERS, obstacles
from convlayers.saving.encodings import objects_in


def add_arguments(parser):
    parser.add_argument("file", help="a .keras or .h5 file of a model, or the folder of an unzipped one, or a file of weights")


@reported
def main(options):
    with working(f"Reading {options.file}"):
        facts = read_facts(options.file)
        model, reason = _make_model(facts, options.file) if facts.whole else (None, None)
    _print_facts(facts, options.file)
    if not facts.whole:
        rows = [[printable(path), str(shape), kind] for path, shape, kind in sorted(facts.arrays, key=_by_number)]
        print_table(["array", "shape", "numbers"], rows)
        return
    print()
    _print_layers(facts, model)
    print()
    _print_unknown(facts)
    if reason:
        print(f"cannot be loaded here: {printable(reason)}")
    _print_readers(facts, model)


def _make_model(facts, filepath):
    """Returns the model without its weights, or None and why not."""
    from convlayers.deferred_initialization import initialized_later
    from convlayers.saving.model_files import make_model
    from convlayers.serialization import ObjectSharingScope

    encoding = {key: value for key, value in facts.encoding.items() if key != "compile_config"}
    try:
        with ObjectSharingScope(), initialized_later():
            return make_model(encoding, filepath, str(facts.keras_version)), None
    except (ValueError, TypeError) as error:
        return None, lines_of_cause(error)[0]


def _by_number(array):
    """A path to sort by: 10 comes after 9."""
    return [(part.isdecimal(), part.zfill(20)) for part in array[0].split("/")]


def _print_facts(facts, filepath):
    optimizer = facts.optimizer
    if isinstance(optimizer, dict):
        optimizer = optimizer.get("class_name")
    lines = {
        "file": filepath,
        "kind": facts.kind,
        "written by": f"Keras {facts.keras_version}" if facts.keras_version else "not said",
        "backend": facts.backend or "not said",
        "arrays": f"{len(facts.arrays)}, with {facts.parameters:,} numbers in layers",
    }
    if facts.whole:
        lines["model"] = f"{facts.encoding.get('class_name')}, '{name_of(facts.encoding)}'"
        lines["optimizer"] = optimizer or "none"
    for key, value in lines.items():
        print(f"{key + ':':12}{printable(value)}")


def _print_layers(facts, model):
    built = {} if model is None else {layer.name: layer for layer in model._flatten_layers()}
    rows = []
    for encoding in layers_in(facts.modern):
        layer = built.get(name_of(encoding))
        shape, count = "?", "?"
        if layer is not None:
            shape = str(getattr(getattr(layer, "output", None), "shape", "?")) if getattr(layer, "nodes", ()) else "?"
            count = f"{layer.count_params():,}" if layer.built else "?"
        kind = encoding["class_name"] if isinstance(encoding.get("class_name"), str) else "?"
        kind = printable(kind) + ("" if _is_known(encoding) else " (unknown)")
        rows.append([printable(name_of(encoding)), kind, shape, count])
    print_table(["layer", "class", "output shape", "# parameters"], rows)


def _is_known(encoding):
    return isinstance(encoding.get("class_name"), str) and "config" in encoding and is_known(encoding)


def _print_unknown(facts):
    from convlayers.saving.unknown_arguments import unknown_arguments

    names = _names(_unknown(facts))
    keys = {f"{part['class_name']}.{key}" for part in objects_in(facts.modern) for key in unknown_arguments(part)}
    print(f"unknown classes and functions: {printable(', '.join(names)) or 'none'}")
    print(f"unknown keys: {printable(', '.join(sorted(keys))) or 'none'}")


def _unknown(facts):
    return [part for part in objects_in(facts.modern) if not is_known(part)]


def _names(parts):
    return sorted({str(part["config"] if part["class_name"] == "function" else part["class_name"]) for part in parts})


def _print_readers(facts, model):
    given = ", ".join(_names(part for part in _unknown(facts) if not str(part.get("module")).startswith("keras.")))
    for reader in READERS:
        reasons = obstacles(facts, reader, model)
        answer = f"yes, given {given} as `custom_objects`" if given else "yes"
        if reasons:
            answer = "no: " + "; ".join([*reasons[:3], *(["..."] if len(reasons) > 3 else [])])
        print(f"Keras {reader} can read it: {printable(answer)}")
