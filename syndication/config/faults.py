"""What is wrong with a config file, in words of those who wrote it."""

import re
import tomllib
from typing import Any, get_args

from pydantic import BaseModel

# What pydantic's errors mean to people; a colour is the only text with a pattern.
_EXPECTED = {
    "string_type": "text in quotes",
    "string_pattern_mismatch": "a colour such as #1f7a4d",
    "path_type": "a path in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "tuple_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}

# What the standard library's reader means.
_TOML = {
    "Cannot overwrite a value": "this key stands there already; keep one of the two",
    "Unclosed array": "a list without its end, or without a comma between two of its values",
    "Unclosed inline table": "a brace that is not closed, or no comma between two keys",
    "Invalid value": "no value as TOML has them; text stands in quotes",
}


def invalid(error: tomllib.TOMLDecodeError) -> str:
    """What is wrong in a file that is no TOML, and where."""
    what, at, where = str(error).partition(" (at ")
    return f"not valid TOML: {_TOML.get(what, what)}{at}{where}"


def explain(fault: Any, model: type[BaseModel]) -> str:
    """One fault that pydantic found in a file that holds `model`, with the remedy."""
    path = ".".join(str(part) for part in fault["loc"] if part != "[key]")
    if fault["type"] != "extra_forbidden":
        return told(path, fault)
    *parents, key = fault["loc"]
    known = _keys_at(parents, model)
    import difflib  # not paid for by files without a fault

    near = difflib.get_close_matches(str(key), known, n=1)
    advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return f"{path}: unknown key; {advice}"


def told(path: str, fault: Any) -> str:
    """What was found at a place, and what belongs there."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return f"{path}: is missing"
    if kind == "value_error":
        expected = str(context["error"])
    else:
        expected = _EXPECTED.get(kind, "").format(**context) or fault["msg"]
    return f"{path}: found {_shown(fault['input'])}, expected {expected}"


def _shown(value: object) -> str:
    """A value of the file in a few words; an address may hold a password, which is not shown."""
    told = str(value).lower() if isinstance(value, bool) else repr(value)
    return re.sub(r"//[^/@\s]*@", "//…@", told)[:80]


def _keys_at(path: list[Any], root: type[BaseModel]) -> list[str]:
    model: Any = root
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model = model.model_fields[part].annotation
        else:  # a dict of tables: any name leads to its value's table
            model = get_args(model)[1]
    return [name for name in model.model_fields if name != "folder" or model is not root]
