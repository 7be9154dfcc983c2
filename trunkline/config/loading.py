"""From the file and the environment to the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from trunkline.config import chains, settings
from trunkline.config.catalogue import CREDENTIAL, TOP
from trunkline.config.dotenv import DOTENV
from trunkline.config.files import Files, version
from trunkline.config.groups import read_models
from trunkline.config.marks import look
from trunkline.config.models import Shared
from trunkline.config.observability import OWN_NOTICE, observability
from trunkline.config.problems import Log, did_you_mean
from trunkline.config.reader import Reader, kind
from trunkline.config.redact import HiddenText, Redactor
from trunkline.config.rotation import previous_keys
from trunkline.config.snapshot import Snapshot
from trunkline.config.tree import MapNode, MissingNode, Node, ScalarNode, show
from trunkline.config.variables import BLOCKED, Environment

_LOGGED: Final = Snapshot(version="", deployments=()).log_calls_per_second


def load_snapshot(path: Path, environ: Mapping[str, str]) -> Snapshot:
    """Read, check and assemble; everything that is wrong is said at once.

    Raises:
        ConfigError: with every problem's file, line, what is wrong and what to write instead.
    """
    redactor = Redactor()
    log = Log(redactor)
    files = Files(log)
    files.marks[str(DOTENV)] = look(str(DOTENV))
    raw = files.load(path)
    redactor.learn_tree(raw)
    env = Environment(environ, redactor)
    variables = _environment_variables(raw, env, log)
    resolved = env.resolve(raw)
    assert isinstance(resolved, MapNode)
    redactor.learn_tree(resolved)
    root = Reader(resolved, "", log, env)
    root.check_keys(TOP)
    sections = _sections(root)
    watched = observability(sections, env)
    sections.check()
    snapshot = replace(_assemble(root, sections, env, log, path), observability=watched)
    log.finish()
    return _finish(snapshot, files, env, log, variables)


def _sections(root: Reader) -> settings.Sections:
    def section(reader: Reader, key: str) -> Reader:
        return reader.mapping(key) or Reader(MapNode({}, {}, reader.at(key)), key, reader.log, reader.env)

    general = section(root, "general_settings")
    return settings.Sections(
        litellm=section(root, "litellm_settings"),
        general=general,
        router=section(root, "router_settings"),
        own=section(general, "trunkline"),
    )


def _assemble(root: Reader, sections: settings.Sections, env: Environment, log: Log, path: Path) -> Snapshot:
    shared = Shared(
        log=log,
        env=env,
        credentials=_credentials(root),
        timeouts=settings.timeouts(sections),
        policy=settings.policy(sections),
        drop=settings.drops(sections),
        providers=env.tidied,
    )
    nodes = root.items("model_list")
    deployments = read_models(nodes, shared)
    names = {name for node in nodes if (name := _name_of(node)) is not None}
    if not nodes and "model_list" not in root.node.entries:
        near = did_you_mean("model_list", root.node.keys)
        log.note(
            "warning",
            root.node.at,
            "the file has no `model_list`, so no model can be called" + (f": {near}" if near else ""),
        )
    general = sections.general
    logged = sections.own.integer("log_calls_per_second")
    master_key = settings.master_key(general, env)
    return Snapshot(
        version="",
        deployments=deployments,
        router=chains.link(settings.router(sections), sections, names),
        limits=settings.limits(sections),
        ledger=settings.ledger(sections),
        master_key=master_key,
        previous_keys=previous_keys(sections.own, env, master_key),
        master_key_header=settings.key_header(general),
        echo_model=bool(sections.own.flag("echo_model")),
        metrics_need_key=sections.litellm.flag("require_auth_for_metrics_endpoint") is not False,
        log_calls_per_second=_LOGGED if logged is None else logged,
        database_url=settings.database_url(general, env),
        egress_allow=settings.egress_allow(sections),
        price_file=settings.price_file(sections.litellm, env, path.parent),
    )


def _finish(snapshot: Snapshot, files: Files, env: Environment, log: Log, variables: Mapping[str, str]) -> Snapshot:
    return replace(
        snapshot,
        version=version(files, env.asked),
        environment=HiddenText(variables),
        notes=log.notes,
        files=files.names,
        marks=files.marks,
    )


def _name_of(node: Node) -> str | None:
    name = node.entries.get("model_name") if isinstance(node, MapNode) else None
    return str(name.value).strip() if isinstance(name, ScalarNode) and name.value is not None else None


def _environment_variables(raw: MapNode, env: Environment, log: Log) -> dict[str, str]:
    """Set the variables of the file, so that the rest of it may refer to them."""
    reader = Reader(raw, "", log, env).mapping("environment_variables")
    found: dict[str, str] = {}
    if reader is None:
        return found
    for name, node in reader.node.entries.items():
        at = reader.at(name)
        if BLOCKED.fullmatch(name):
            log.note("warning", at, f"{show(name)} is not set: it would change how programs are found and run")
            continue
        value = env.resolve(node)
        match value:
            case MissingNode(names=(only,)) if only == name and name in OWN_NOTICE:
                pass
            case MissingNode(names=names):
                why = " and ".join(env.why(one) for one in names)
                log.note("warning", at, f"{show(name)} under `environment_variables` is left out: {why}")
            case ScalarNode(value=None):
                pass
            case ScalarNode(value=bool(flag)):
                found[name] = "true" if flag else "false"
            case ScalarNode(value=text):
                found[name] = str(text)
            case _:
                log.problem(at, f"{show(name)} under `environment_variables` is {kind(value)}", "write a text")
        if name in found:
            env.put(name, found[name])
    return found


def _credentials(root: Reader) -> dict[str, MapNode]:
    found: dict[str, MapNode] = {}
    for node in root.items("credential_list"):
        if not isinstance(node, MapNode):
            root.log.problem(
                node.at, f"an entry of `credential_list` is {kind(node)}", "write `- credential_name: ...`"
            )
            continue
        reader = Reader(node, "credential_list[]", root.log, root.env)
        reader.check_keys(CREDENTIAL)
        name, values = reader.text("credential_name"), reader.mapping("credential_values")
        if not name or values is None:
            root.log.problem(
                node.at, "an entry of `credential_list` lacks `credential_name` or `credential_values`", "write both"
            )
        else:
            found[name] = values.node
    return found
