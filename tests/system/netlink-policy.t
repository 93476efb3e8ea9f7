#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# The policies of the running module are those of docs/netlink/bricktrace.yaml: the same
# commands, and for each the same attributes with the same types, ranges, masks and lengths.
# What a request does not list is refused, and so is what is out of its range.
import errno
import sys
import bt
import door
from door import call, refused  # ynl is in build/ynl

family = door.door()
control = door.door("nlctrl")
SCALAR = {"u32": 32, "u64": 64}


def parts(op):
    """The one way in which a command is called, and its request."""
    how = "do" if "do" in op else "dump"
    return how, op.yaml[how].get("request", {}).get("attributes", [])


def mask(attr):
    return family.consts[attr.yaml["checks"]["flags-mask"]].get_mask()


def wanted_attribute(attr):
    """The policy of one attribute as the description has it, in the words of nlctrl."""
    kind = attr["type"]
    checks = attr.yaml.get("checks", {})
    if kind in SCALAR:
        if "flags-mask" in checks:
            return {"type": kind, "mask": mask(attr)}
        return {"type": kind, "min-value-u": checks.get("min", 0),
                "max-value-u": checks.get("max", 2**SCALAR[kind] - 1)}
    if kind == "string":
        return {"type": "nul-string", **({"max-length": checks["max-len"]} if checks else {})}
    if kind == "binary":
        return {"type": "binary", "min-length": checks["exact-len"], "max-length": checks["exact-len"]}
    if kind == "nest":
        inner = family.attr_sets[attr["nested-attributes"]]
        return {"type": "nested", "nested": wanted(inner, [a for a in inner if inner[a]["type"] != "pad"])}
    return {"type": kind}


def wanted(attributes, names):
    return {attributes[name].value: wanted_attribute(attributes[name]) for name in names}


def resolve(policies, number):
    """A policy of the kernel, with the policies of its nests in their places."""
    resolved = {}
    for attribute, policy in policies.get(number, {}).items():
        policy = dict(policy)
        policy.pop("policy-maxtype", None)
        # The kernel's description of nlctrl has the numbers of these two exchanged.
        if "pad" in policy:
            policy["mask"] = int.from_bytes(policy.pop("pad"), sys.byteorder)
        if "policy-idx" in policy:
            policy["nested"] = resolve(policies, policy.pop("policy-idx"))
        resolved[attribute] = policy
    return resolved


def got(op):
    """The kernel's policy for a command, and the ways of calling it that have one."""
    ways, policies = {}, {}
    answer = call(control, "getpolicy", {"family-name": "bricktrace", "op": op.value})
    if isinstance(answer, door.NlError):
        return {}, {}
    for message in answer:
        if "op-policy" in message:
            ways = message["op-policy"]
        if "policy" in message:
            policy = message["policy"]
            number, attribute = policy.pop("policy-id"), policy.pop("attr-id")
            policies.setdefault(number, {})[attribute] = policy
    ways.pop("op-id", None)
    return ways, policies


def differences(attributes, policy, expected):
    names = {a.value: name for name, a in attributes.items()}
    return [f"{names.get(n, n)}: the kernel has {policy.get(n)}, the description {expected.get(n)}"
            for n in sorted(policy.keys() | expected.keys()) if policy.get(n) != expected.get(n)]


# The kernel's list of commands.
answer = control.do("getfamily", {"family-name": "bricktrace"})
ops = {}
for item in answer["ops"]:
    for op in item.values():
        ops[op["id"]] = op["flags"] - {"cmd-cap-haspol"}
names = {op.value: name for name, op in family.ops.items()}
bt.equal({names.get(n, n): flags for n, flags in ops.items()},
         {name: {f"cmd-cap-{parts(op)[0]}"} for name, op in family.ops.items()}, "the commands, and how each is called")
bt.equal((answer["version"], answer["hdrsize"], answer.get("mcast-groups")), (1, 0, None),
         "the version; no header and no groups")

for name, op in family.ops.items():
    how, request = parts(op)
    attributes = family.attr_sets[op.attr_set.name]
    ways, policies = got(op)
    wrong = differences(attributes, resolve(policies, ways.get(how)), wanted(attributes, request))
    bt.ok(list(ways) == [how] and not wrong, f"{name}: the policy is that of the description", ways, *wrong)


def sample(attr, good=True):
    """A value of the attribute: a valid one, or one that is out of its range; None if there is none."""
    kind = attr["type"]
    checks = attr.yaml.get("checks", {})
    if kind in SCALAR:
        if good:
            return checks.get("min", 1)
        if "flags-mask" in checks:
            return mask(attr) + 1
        return checks["max"] + 1 if "max" in checks else checks["min"] - 1 if "min" in checks else None
    if kind == "string":
        return "x" if good else "x" * (checks["max-len"] + 1) if checks else None
    if kind == "binary":
        length = checks.get("exact-len", 8)
        return b"x" * (length if good else length - 1)
    return {"s32": 1, "s64": 1, "nest": {}, "flag": True}.get(kind) if good else None


def error_of(attr):
    """How the kernel refuses a value that is out of range."""
    by_value = attr["type"] != "string" and "flags-mask" not in attr.yaml.get("checks", {})
    return errno.ERANGE if by_value else errno.EINVAL


# No command has an effect here, since each is refused.
for name, op in family.ops.items():
    request = parts(op)[1]
    wrong = []
    for attribute, attr in family.attr_sets[op.attr_set.name].items():
        if attr["type"] == "pad":
            continue
        bad = sample(attr, good=attribute not in request)
        if bad is None:
            continue
        answer = call(family, name, {attribute: bad})
        error = error_of(attr) if attribute in request else errno.EINVAL
        extack = isinstance(answer, door.NlError) and answer.nl_msg.extack or {}
        if getattr(answer, "error", None) != error or extack.get("bad-attr") != f".{attribute}" or not extack.get("msg"):
            wrong.append(f"{attribute}={bad!r}: wanted {errno.errorcode[error]}, got {answer}")
    bt.ok(not wrong, f"{name}: attributes that it does not have, and values out of range, are refused by name", *wrong)

# Each attribute of an assertion in a nest.
inner = family.attr_sets["assertion"]
for attribute in ("kind", "arch", "name"):
    refused(call(family, "brick-define", {"name": "x", "budget-ns": 0, "assertion": [{attribute: sample(inner[attribute], good=False)}]}),
            error_of(inner[attribute]), f"brick-define: an assertion whose {attribute} is out of range", f"assertion.{attribute}")
bt.done()
