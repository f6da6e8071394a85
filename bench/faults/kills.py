"""Kill -9 of the processes of a run: whom, and how it is found."""

import random

from bench.faults.parts import below, kill, parents
from bench.faults.receiver import speaker
from bench.faults.stage import Point, Stage, spread

WITH_BROKER = (
    "spider", "extraction child", "sweeper (python -m workers)", "Celery worker", "Celery child", "deliverer",
)  # fmt: skip
WITHOUT = ("spider", "extraction child", "worker", "deliverer")
DELIVERER = "kill -9: deliverer"


def kills(kinds: tuple[str, ...], number: int, articles: int, seed: int) -> list[Point]:
    """Random points at which somebody is killed."""
    dice = random.Random(seed)
    made = []
    for after, kind in spread(kinds, number, articles, seed):
        made.append(Point(after, f"kill -9: {kind}", lambda stage, kind=kind: _kill(stage, kind, dice)))  # type: ignore[misc]
    return made


def _kill(stage: Stage, kind: str, dice: random.Random) -> bool | None:
    if kind == "deliverer":
        return _kill_deliverer(stage)
    if kind == "spider":
        alive = stage.source.alive
        if alive:
            stage.source.kill()
        return alive
    if kind in {"worker", WITH_BROKER[2]}:
        alive = [part for part in stage.workers if part.alive]
        if alive:
            dice.choice(alive).kill()
        return bool(alive)
    tree = parents()
    top = stage.source if kind == "extraction child" else dice.choice(stage.workers)
    # The fork server is a child of the source, and its children read pages; the same with Celery and its overseer.
    mains = [pid for pid in tree.get(top.pid, ()) if tree.get(pid)]
    victims = mains if kind == "Celery worker" else [child for pid in mains for child in tree.get(pid, ())]
    return bool(victims) and kill(dice.choice(victims))


def _kill_deliverer(stage: Stage) -> bool | None:
    """In the middle of a delivery: its request has come, and is not answered yet."""
    if stage.receiver.armed is not None:
        return False

    def shoot() -> bool:
        tree = parents()
        candidates = [pid for part in stage.workers for pid in (part.pid, *below(part.pid, tree))]
        port = int(stage.receiver.address.split(":")[2].partition("/")[0])
        victim = speaker(port, candidates)
        if victim is None or not kill(victim):
            stage.receiver.armed = shoot
            return False
        stage.note(DELIVERER)
        return True

    stage.receiver.armed = shoot
    return None
