"""The five figures of the before-state, read from the stories; each counts people.

in_scope             not hands-off, customer, open opportunity, converted or a test record
in_limbo             in scope, 30 days or older, last touch and last send both over 30 days ago or never,
                     and not (active owner and an open dated task)
hot_never_followed_up  in scope, hand-raiser, no touch by a person since, and not (active owner and an open dated task)
without_owner        in scope, sales owes the next step (by the status of record), and no active owner
inactive_owner       the part of those whose owner has left
"""

from collections import Counter

from sandbox.world.epoch import DAY_MS
from sandbox.world.story import Story
from sandbox.world.team import is_active

FIGURES = ("in_scope", "in_limbo", "hot_never_followed_up", "without_owner", "inactive_owner")
LIMBO_MS = 30 * DAY_MS


def figures_of(story: Story, now_ms: int) -> tuple[str, ...]:
    """The names of the figures this lead counts towards."""
    if not story.in_scope:
        return ()
    found = ["in_scope"]
    if _in_limbo(story, now_ms):
        found.append("in_limbo")
    if _never_followed_up(story):
        found.append("hot_never_followed_up")
    if story.side == "sales" and not is_active(story.current_owner):
        found.append("without_owner")
        if story.current_owner is not None:
            found.append("inactive_owner")
    return tuple(found)


def _in_limbo(story: Story, now_ms: int) -> bool:
    border = now_ms - LIMBO_MS
    if story.created > border or story.has_dated_step:
        return False
    recent = [touch.at for touch in story.touches] + ([story.last_send] if story.last_send is not None else [])
    return all(at <= border for at in recent)


def _never_followed_up(story: Story) -> bool:
    raised = story.hand_raise_at
    if raised is None or story.has_dated_step:
        return False
    return not any(touch.at >= raised and not touch.automated for touch in story.touches)


def recount(counts: Counter[str]) -> dict[str, int]:
    """All five figures, zeros included."""
    return {name: counts[name] for name in FIGURES}
